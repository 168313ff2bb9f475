"""The system for which a visitor wants files: the one that was chosen here, or else that of the browser."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from files.models import File
from releasehub.distribution.offers import System
from releasehub.pages.platforms import visitor_system
from releasehub.pages.preferences import set_preference
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_NAMES, fold_architecture, fold_platform

PARAMETER = "system"
DETECT = "auto"


def system_of(request: HttpRequest) -> System:
    """Return the system of the visitor. What neither the visitor nor the browser states is empty."""
    return chosen_system(request) or visitor_system(request.headers)


def chosen_system(request: HttpRequest) -> System | None:
    """Return the system that the URL or the cookie names, or None to detect it."""
    text = request.GET.get(PARAMETER, "")
    if text == DETECT:
        return None
    return parse_system(text) or parse_system(request.COOKIES.get(settings.SYSTEM_COOKIE_NAME, ""))


def remember_system(request: HttpRequest, response: HttpResponse) -> None:
    """Store the system that the URL names in a cookie, or delete the cookie if it is to be detected."""
    text, stored = request.GET.get(PARAMETER, ""), request.COOKIES.get(settings.SYSTEM_COOKIE_NAME)
    if text == DETECT and stored is not None:
        response.delete_cookie(settings.SYSTEM_COOKIE_NAME, samesite="Lax")
    elif text != stored and parse_system(text):
        set_preference(response, settings.SYSTEM_COOKIE_NAME, text)


def parse_system(text: str) -> System | None:
    """Return the system with this name, such as `macos` or `linux-arm64`, or None if the hub does not know it."""
    platform, _, architecture = text.partition("-")
    if platform not in PLATFORM_NAMES or (architecture and architecture not in ARCHITECTURE_SPELLINGS):
        return None
    return System(platform, architecture)


def systems_to_choose(files: Iterable[File]) -> dict[str, System]:
    """Return the systems that the files are for, by the name that `parse_system` reads."""
    systems = (System(fold_platform(file.platform), fold_architecture(file.architecture)) for file in files)
    names = {"-".join(filter(None, (system.platform, system.architecture))): system for system in systems}
    return {name: system for name, system in names.items() if parse_system(name)}
