"""The standard streams of commands, on machines that close them or whose encoding lacks characters."""

import codecs
import io
import os
import sys


def prepare_streams() -> None:
    """Open /dev/null in place of closed streams, and make sure that every text can be printed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, _null_stream(number))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            _accept_every_text(stream)


def _null_stream(number: int) -> io.TextIOWrapper:
    """Return /dev/null as the standard stream with this number.

    Otherwise, the next file that this process or the web server opens would get the number and what is printed.
    """
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)  # `serve` becomes the web server
    return open(number, "w" if number else "r", encoding="utf-8", closefd=False)


def _accept_every_text(stream: io.TextIOWrapper) -> None:
    """Escape what a terminal cannot show, for example in a Latin-1 locale, and write UTF-8 to files and pipes."""
    if codecs.lookup(stream.encoding).name != "utf-8":
        stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
