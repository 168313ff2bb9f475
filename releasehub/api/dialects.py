"""Which dialect an address belongs to, so that whatever fails there is told in its form."""

import re

from releasehub.api.common.envelope import Envelope, hub_envelope
from releasehub.api.engine.errors import engine_envelope
from releasehub.api.entity.errors import entity_envelope
from releasehub.api.v3.errors import v3_envelope

_ADDRESSES: tuple[tuple[re.Pattern[str], Envelope], ...] = (
    (re.compile(r"/v3(/|$)"), v3_envelope),
    (re.compile(r"/(version|versions|version_file)(/|$)"), engine_envelope),
    (re.compile(r"/api/(entities|organizations)(/|$)"), entity_envelope),
    (re.compile(r"/api/"), hub_envelope),
)


_API = re.compile("|".join(pattern.pattern for pattern, _ in _ADDRESSES))


def is_api(path: str) -> bool:
    """Whether programs ask there, not people."""
    return _API.match(path) is not None


def envelope_of(path: str) -> Envelope | None:
    """None for pages."""
    return next((envelope for pattern, envelope in _ADDRESSES if pattern.match(path)), None)
