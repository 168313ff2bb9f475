"""The author's desk: everything that an author does with downloads, versions and files in the browser.

Requests of signed-in users come in; the services of the lower rooms do the work. Open `urls.py` first.
"""
