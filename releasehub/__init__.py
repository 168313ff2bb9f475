"""ReleaseHub: a self-hosted hub that publishes and distributes software releases."""
