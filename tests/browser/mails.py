"""A mail server on this machine that keeps the texts of all e-mails."""

from __future__ import annotations

import re
from queue import Queue
from socketserver import StreamRequestHandler, ThreadingTCPServer


class MailServer(ThreadingTCPServer):
    """Accept every e-mail, and keep its text."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.texts: Queue[str] = Queue()

    def wait_for_link(self, path: str) -> str:
        """Return the first link to this path that arrives. The time limit only ends a run that hangs."""
        while True:
            if link := re.search(rf"https?://\S+{path}\S+", self.texts.get(timeout=120)):
                return link[0]


class MailHandler(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.texts.put(b"".join(lines).replace(b"=\r\n", b"").decode())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return
