"""The mc-dm dialect, which covers all resources of the hub for scripts. Start with `urls.py`."""
