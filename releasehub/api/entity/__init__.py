"""The entity dialect: apps, services and their versions as the Synthetiq platform has them. Start with `urls.py`."""
