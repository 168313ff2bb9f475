"""Inspection of stored bytes: the file type, the members of archives, and the result of the virus scanner.

The input is an open file and its name. The result is a list of findings. Each is a reason to reject the file, or a
warning, which a category can raise to a reason to reject the file.
Start reading with `content.py`. `validation.py` holds the checks that need only the database and the first bytes.
"""
