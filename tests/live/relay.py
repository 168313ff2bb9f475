"""A relay between the senders of an upload and the S3 server of the tests. It counts the parts that pass."""

from __future__ import annotations

import re
import selectors
import socket
import threading
from collections import Counter
from typing import Any

from tests.serving import Acceptor

PART = re.compile(rb"^PUT \S*[?&]partNumber=(\d+)\S* HTTP/1.1\r\n")


class Relay:
    """Stands between clients and the store, and counts which parts were begun, and which arrived whole."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.begun: Counter[int] = Counter()
        self.accepted: Counter[int] = Counter()
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.close = Acceptor(listener, self.accept).close

    def accept(self, client: socket.socket) -> None:
        threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        part = 0
        with client, socket.create_connection(self.target) as store, selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, store)
            ready.register(store, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    source: Any = key.fileobj
                    try:
                        data = source.recv(256 * 1024)
                        if source is client and (found := PART.match(data)):
                            part = 0 if b"x-amz-copy-source" in data.lower() else int(found[1])  # copies hold no bytes
                            self.begun += Counter([part] if part else [])
                        elif source is store and part and data.startswith(b"HTTP/1.1 200"):
                            self.accepted[part] += 1
                            part = 0
                        key.data.sendall(data)
                    except OSError:
                        return
                    if not data:
                        return
