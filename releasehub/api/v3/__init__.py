"""The v3 dialect, for programs and pipelines that speak the release API of Cryptlex. Start with `urls.py`."""
