"""Name, logo, color and legal links of the site."""

from urllib.parse import urlsplit

from environs import validate

from releasehub.settings.environment import env

MAX_SITE_NAME_CHARACTERS = 60

SITE_NAME = env.text(
    "RELEASEHUB_SITE_NAME",
    check=validate.Length(max=MAX_SITE_NAME_CHARACTERS, error="Set it to a name of at most {max} characters."),
)
LOGO_URL: str = env.link("RELEASEHUB_LOGO_URL", "") or ""
ACCENT_COLOR = env.text(
    "RELEASEHUB_ACCENT_COLOR",
    check=validate.Regexp(r"(?:#[0-9a-fA-F]{6})?\Z", error="Set it to a color such as #1f4fbf."),
).lower()
IMPRINT_URL: str = env.link("RELEASEHUB_IMPRINT_URL", "") or ""
PRIVACY_URL: str = env.link("RELEASEHUB_PRIVACY_URL", "") or ""
# Social cards use the fonts of the project, which have Latin, Greek and Cyrillic letters, or else this one.
CARD_FONT = env.font("RELEASEHUB_CARD_FONT", "")

_logo = urlsplit(LOGO_URL)
LOGO_ORIGIN = f"{_logo.scheme}://{_logo.netloc}" if _logo.netloc else ""
