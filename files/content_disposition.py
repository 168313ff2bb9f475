"""The header that names a file which is downloaded."""

import re
import unicodedata
from urllib.parse import quote

from files.names import is_device

_PLAIN = re.compile(r"[A-Za-z0-9 ._+~()-]*")
_QUOTABLE = re.compile(r"[ !#$&-.0-9;=@A-Z\[\]^_`a-z{}~]+")


def content_disposition(name: str) -> str:
    """Return the value of the header Content-Disposition: an attachment with a `filename` in ASCII.

    If the ASCII form differs from the name, `filename*` is added. Django's `content_disposition_header` has no ASCII
    fallback, and does not escape `%41`, which some clients decode.
    Source: RFC 6266 section 4.3 and appendix D, RFC 8187 section 3.2.
    """
    if _QUOTABLE.fullmatch(name):
        return f'attachment; filename="{name}"'
    encoded = quote(name, safe="", errors="replace")
    return f"attachment; filename=\"{_ascii_fallback(name)}\"; filename*=UTF-8''{encoded}"


def _ascii_fallback(name: str) -> str:
    """Return the name in ASCII, for clients that do not support `filename*`.

    Accents are removed, other characters become `_`, and the result is never a name that Windows reserves.
    """
    plain = "".join(map(_ascii, name)).strip(" ").rstrip(" .") or "download"
    return f"_{plain}" if is_device(plain) else plain


def _ascii(char: str) -> str:
    parts = unicodedata.normalize("NFKD", char)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return plain if _PLAIN.fullmatch(plain) else "_"
