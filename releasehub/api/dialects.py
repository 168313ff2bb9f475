"""The dialect that a URL belongs to, so that errors outside of any view have its format."""

import re

from releasehub.api.common.envelope import Envelope, hub_envelope
from releasehub.api.engine.errors import engine_envelope
from releasehub.api.entity.errors import entity_envelope
from releasehub.api.mc_dm.errors import mc_dm_envelope
from releasehub.api.v3.errors import v3_envelope

_PATHS: tuple[tuple[re.Pattern[str], Envelope], ...] = (
    (re.compile(r"/v3(/|$)"), v3_envelope),
    (re.compile(r"/(version|versions|version_file)(/|$)"), engine_envelope),
    (re.compile(r"/api/(entities|organizations)(/|$)"), entity_envelope),
    (re.compile(r"/api/mc-dm-"), mc_dm_envelope),
    (re.compile(r"/api/"), hub_envelope),
)


_API = re.compile("|".join(pattern.pattern for pattern, _ in _PATHS))


def is_api(path: str) -> bool:
    """Return whether the path belongs to an API, and not to a page."""
    return _API.match(path) is not None


def envelope_of(path: str) -> Envelope | None:
    """Return the error format of the dialect, or None for a page."""
    return next((envelope for pattern, envelope in _PATHS if pattern.match(path)), None)
