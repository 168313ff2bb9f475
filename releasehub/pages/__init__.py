"""The web pages for visitors and for the authors of downloads, and the permanent links.

In: requests of browsers. Out: HTML, feeds and redirects, and calls of services. Start with `urls.py` and
`download_views.py`; the pages of authors are in `desk`.
"""
