"""The full-text search for downloads.

In: the text that a visitor types. Out: the downloads that the visitor may see, the best match first, even if a word is
misspelled. Start with `queries.py` for a search, and with `documents.py` for the texts that it covers.
"""
