"""The GitHub dialect: releases and their assets as clients of GitHub know them. Start with `urls.py`."""
