"""Links to files on other servers: which URLs are accepted, and the name of the file behind them."""

from urllib.parse import unquote, urlsplit

from releasehub.core.errors import ErrorCode, Invalid

MAX_URL_CHARACTERS = 2048


def check_url(url: str) -> None:
    """Check that the URL is an absolute http or https URL without credentials.

    Raises:
        Invalid: The URL is not acceptable.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_good = False
    if not is_good or len(url) > MAX_URL_CHARACTERS or not url.isprintable() or any(char in url for char in " \\"):
        raise Invalid(
            ErrorCode.FILE_URL_INVALID, "Enter an absolute http:// or https:// URL without credentials.",
            field="external_url",
        )  # fmt: skip


def name_in(url: str) -> str:
    """Return the last segment of the URL's path.

    Raises:
        Invalid: The path has no last segment.
    """
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:  # a host in brackets that is no IPv6 address
        name = ""
    if not name:
        raise Invalid(
            ErrorCode.FILE_NAME_INVALID, "The URL does not end in a file name. Set filename as well.", field="filename"
        )
    return name


def provisional_name(reference: str) -> str:
    """Return the placeholder name of an asset that has not been looked up yet."""
    return f"asset-{reference}"
