"""The engine dialect: the releases of one engine in the format of Redot's versions. Start with `urls.py`."""
