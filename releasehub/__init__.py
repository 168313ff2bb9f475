"""ReleaseHub: a self-hosted hub that publishes and distributes software releases."""

__version__ = "0.2.0"
