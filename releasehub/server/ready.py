"""Announce in the terminal of `serve` that the hub takes requests."""

import os

ANNOUNCED_URL = "RELEASEHUB_ANNOUNCED_URL"  # set by the command `serve`


def announce() -> None:
    """Print the URL of the hub, if `serve` started it.

    The server listens before it loads the application, so from here on every request is answered. `serve` itself would
    be too early, because it becomes the server only after its last line.
    """
    if url := os.environ.get(ANNOUNCED_URL):
        print(f"ReleaseHub is running at {url} (press Ctrl-C to stop it)", flush=True)  # noqa: T201
