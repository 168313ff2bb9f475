"""Look into stored bytes: their type, what an archive lists, and what the virus scanner says.

In: an open file and its name. Out: the findings, which `validation.py` turns into a file that is accepted or rejected.
Start with `content.py`.
"""
