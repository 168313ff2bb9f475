"""Languages and time zone. The pages follow the visitor; the APIs, the feeds and the admin stay English."""

from environs import ValidationError

from releasehub.settings.data import BASE_DIR
from releasehub.settings.environment import env
from releasehub.settings.security import IS_HTTPS

env.section = "Languages"

LANGUAGE_CODE = "en"  # wherever no visitor's language is active, such as in the APIs
LANGUAGES = [("en", "English"), ("de", "German")]
LOCALE_PATHS = [BASE_DIR / "releasehub" / "locale"]
FORMAT_MODULE_PATH = ["releasehub.pages.formats"]
TIME_ZONE = "UTC"


def _are_known(codes: list[str]) -> None:
    known = [code for code, _ in LANGUAGES]
    if not set(codes) <= set(known):
        raise ValidationError(f"Set it to one or more of: {', '.join(known)}. Separate them with commas.")


# The languages that visitors can choose. The first one is for visitors whose browser asks for another language.
SITE_LANGUAGES = env.items(
    "RELEASEHUB_LANGUAGES",
    "en,de",
    check=_are_known,
    help=(
        "Languages of the pages. The first one is the default for visitors whose browser requests no other. See "
        "[languages](languages.md)"
    ),
    unset="`en,de`",
)

LANGUAGE_COOKIE_NAME = "releasehub_language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SECURE = IS_HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
ZONE_COOKIE_NAME = "releasehub_zone"  # chosen by the visitor
BROWSER_ZONE_COOKIE_NAME = "releasehub_browser_zone"  # set by `site.js`
SYSTEM_COOKIE_NAME = "releasehub_system"  # the system for which the visitor wants files
# Pages for anonymous visitors may depend on these cookies only, see `releasehub.core.anonymous_cache`.
PREFERENCE_COOKIES = frozenset({LANGUAGE_COOKIE_NAME, ZONE_COOKIE_NAME, BROWSER_ZONE_COOKIE_NAME, SYSTEM_COOKIE_NAME})
