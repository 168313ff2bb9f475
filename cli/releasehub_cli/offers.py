"""Facts about a file that the hub states before it sends the bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from releasehub_cli.errors import CliError
from releasehub_cli.http import Hub
from releasehub_cli.names import has_control_characters

_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*utf-8''([^;]+)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


@dataclass(frozen=True)
class FileOffer:
    """The properties of a file that the hub itself states; the headers of a storage are not trusted.

    Attributes:
        etag: The ETag of the server that sent the bytes, which may be a storage.
    """

    filename: str
    sha256: str
    version: str
    hub_etag: str
    etag: str = ""
    yanked: str = ""


def read_offer(hub: Hub, link: str) -> FileOffer:
    """Read the offer from the headers of the hub.

    Raises:
        HubError: The hub refused the request.
        CliError: The network failed after all retries.
    """
    headers = hub.head(link)
    return FileOffer(
        filename=_filename(headers.get("Content-Disposition", ""), link),
        sha256=headers.get("X-Checksum-SHA256", "").lower(),
        version=unquote(headers.get("X-ReleaseHub-Version", "")),
        hub_etag=headers.get("ETag", ""),
        yanked=unquote(headers.get("X-ReleaseHub-Yanked", "")),
    )


def _filename(disposition: str, link: str) -> str:
    """Return the file name that the hub states, without any folder.

    Raises:
        CliError: The name is empty, consists of dots, or has control characters.
    """
    extended, plain = _EXTENDED_NAME.search(disposition), _PLAIN_NAME.search(disposition)
    if extended:
        name = unquote(extended[1].strip())
    elif plain:
        name = re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    else:
        name = unquote(urlsplit(link).path)
    name = re.split(r"[/\\]", name)[-1].strip()
    if not name.strip(".") or has_control_characters(name):
        raise CliError("The hub does not state a valid file name.", code="no_name", hint="Choose a name with --output.")
    return name
