"""Name, logo, color and legal links of the site."""

from urllib.parse import urlsplit

from environs import validate

from releasehub.settings.environment import env

env.section = "Name and look of the site"

MAX_SITE_NAME_CHARACTERS = 60

SITE_NAME = env.text(
    "RELEASEHUB_SITE_NAME",
    check=validate.Length(max=MAX_SITE_NAME_CHARACTERS, error="Set it to a name of at most {max} characters."),
    help="Name of the site in the header, in page titles and in link previews, at most 60 characters",
    unset="the name chosen when the hub was set up, or `ReleaseHub`",
    file="site_name",
)
LOGO_URL: str = env.link(
    "RELEASEHUB_LOGO_URL",
    "",
    help=(
        "Picture in the header, 28 by 28 pixels: a path that the proxy in front serves, such as "
        "`/brand/logo.svg`, or a URL. The content security policy then allows pictures from the host of "
        "the URL"
    ),
    unset="an icon",
)
ACCENT_COLOR = env.text(
    "RELEASEHUB_ACCENT_COLOR",
    check=validate.Regexp(r"(?:#[0-9a-fA-F]{6})?\Z", error="Set it to a color such as #1f4fbf."),
    help=("Color of buttons and links, as `#rrggbb`. Each theme uses the nearest shade with enough contrast"),
    unset="`#3449d1`",
).lower()
IMPRINT_URL: str = env.link("RELEASEHUB_IMPRINT_URL", "", help="Link to the imprint in the footer")
PRIVACY_URL: str = env.link("RELEASEHUB_PRIVACY_URL", "", help="Link to the privacy policy in the footer")
# Social cards use the fonts of the project, which have Latin, Greek and Cyrillic letters, or else this one.
CARD_FONT = env.font(
    "RELEASEHUB_CARD_FONT",
    "",
    help=(
        "Path of a font for the [social cards](pictures.md#social-cards), for titles in scripts other "
        "than Latin, Greek and Cyrillic"
    ),
    unset="DejaVu Sans",
)

_logo = urlsplit(LOGO_URL)
LOGO_ORIGIN = f"{_logo.scheme}://{_logo.netloc}" if _logo.netloc else ""
