"""Shared code of the dialects: base classes of view sets, authentication, permissions, problems and pages of lists.

Start with `viewsets.py` for the way of a request, and with `problems.py` for how an error becomes a response.
"""
