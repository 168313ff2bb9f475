"""Distribution of releases: find the latest version, resolve permanent links, check access and deliver the bytes.

In: a download, a link or an update request of a client. Out: a version, a file or a response with bytes, and a counted
download. Start with `file_permalinks.py` for how a link finds its file, and with `delivery.py` for how bytes are sent.
"""
