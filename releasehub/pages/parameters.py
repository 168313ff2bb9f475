"""Texts in the query string of a page."""

from django.http import HttpRequest

from versions.cooldown import Cooldown

MAX_PARAMETER_CHARACTERS = 256
NO = frozenset({"0", "false", "no", "off"})


def parameter_of(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:MAX_PARAMETER_CHARACTERS]


def cooldown_of(request: HttpRequest) -> Cooldown | None:
    """Return the cooldown that the client asks for with `min_age`; `security=0` lets security releases wait as well.

    Raises:
        Invalid: `min_age` is not valid.
    """
    exempts_security = request.GET.get("security", "").strip().lower() not in NO
    return Cooldown.parse(request.GET.get("min_age", ""), exempts_security=exempts_security)
