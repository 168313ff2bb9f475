"""The dialect that a URL belongs to, so that errors outside of any view have its format, and the form of its paths."""

import re
from urllib.parse import unquote

from releasehub.api.common.envelope import Envelope, hub_envelope
from releasehub.api.engine.errors import engine_envelope
from releasehub.api.entity.errors import entity_envelope
from releasehub.api.github.errors import github_envelope
from releasehub.api.mc_dm.errors import mc_dm_envelope
from releasehub.api.v3.errors import v3_envelope

_PATHS: tuple[tuple[re.Pattern[str], Envelope], ...] = (
    (re.compile(r"/v3(/|$)"), v3_envelope),
    (re.compile(r"/(versions?|version_files?)(/|$)"), engine_envelope),
    (re.compile(r"/api/(entities|organizations)(/|$)"), entity_envelope),
    (re.compile(r"/api/mc-dm-"), mc_dm_envelope),
    (re.compile(r"/api/(v3|uploads/repos|graphql)(/|$)"), github_envelope),
    (re.compile(r"/api/(?!docs(/|$))"), hub_envelope),  # the reference is a page
)


_API = re.compile("|".join(pattern.pattern for pattern, _ in _PATHS))


def is_api(path: str) -> bool:
    """Return whether the path belongs to an API, and not to a page."""
    return _API.match(path) is not None


def envelope_of(path: str) -> Envelope | None:
    """Return the error format of the dialect, or None for a page."""
    return next((envelope for pattern, envelope in _PATHS if pattern.match(path)), None)


def only_reads(path: str) -> bool:
    """Return whether requests with this path change nothing, whatever their method is."""
    return path == "/api/graphql"


_SLASHES = re.compile(r"/{2,}")
_ENDS_WITH_SLASH = re.compile(
    r"/api/(mc-dm-[a-z]+|(?:uploads(?!/repos/)|files)(?!/content/)|access-keys|invitations|pictures|schema)(/|$)"
)
_ROOTS = frozenset({"/api", "/v3"})
_FORUM_PATH = "/index.php"
_FORUM_QUERY = re.compile(r"(api/mc-dm-[^&?]*)[&?]?(.*)", re.DOTALL)


def canonical_path(path: str) -> str:
    """Return a path of an API with single slashes, and with or without one at its end, as the routes have it.

    Clients write both forms, and a redirect would turn their writes into reads. Any other path is returned as it is.
    """
    single = _SLASHES.sub("/", path)
    if not is_api(single):
        return path
    bare = single.rstrip("/")
    return f"{bare}/" if bare in _ROOTS or _ENDS_WITH_SLASH.match(bare) else bare


def forum_url(path: str, query: str) -> tuple[str, str] | None:
    """Return path and query for the mc-dm API of a forum without friendly URLs (`/index.php?api/…&…`), or None."""
    if path != _FORUM_PATH or not (match := _FORUM_QUERY.fullmatch(unquote_route(query))):
        return None
    return f"/{match[1]}", match[2]


def unquote_route(query: str) -> str:
    """Decode the first part of a query; some clients encode it, and add `=` because it has no value."""
    route, separator, rest = query.partition("&")
    return f"{unquote(route).removesuffix('=')}{separator}{rest}"
