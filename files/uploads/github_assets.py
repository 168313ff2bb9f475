"""Find the assets of GitHub releases."""

import re

import orjson
from django.conf import settings

from files.uploads.link_limits import BadLink
from releasehub.outbound.client import send
from releasehub.outbound.failures import Unreachable

RELEASE_PAGE = re.compile(r"https://github\.com/([\w.-]{1,100})/([\w.-]{1,100})/releases/tag/[^/?#]+/?")
NEEDS_RELEASE_PAGE = (
    "The reference is the number of a release asset, but the version has no valid release page. Set the release page "
    "to a URL such as https://github.com/o/r/releases/tag/v1."
)
ASSET_NUMBER = re.compile(r"[0-9]{1,18}")


def github_asset(release_page: str, number: str) -> str:
    """Return the URL of an asset that a release page lists.

    Raises:
        BadLink: The release page or the asset does not exist.
        Refused: The target is not allowed.
        Unreachable: GitHub does not answer.

    Source: GitHub REST API, "Get a release asset".
    """
    page = RELEASE_PAGE.fullmatch(release_page)
    if page is None or not ASSET_NUMBER.fullmatch(number):
        raise BadLink("reference", NEEDS_RELEASE_PAGE)
    answer = send(
        "GET",
        f"{settings.GITHUB_API}/repos/{page[1]}/{page[2]}/releases/assets/{number}",
        headers={"Accept": "application/vnd.github+json", "User-Agent": "ReleaseHub"},
    )
    if answer.status >= 500 or answer.status in {403, 429}:
        raise Unreachable(f"GitHub responded with status {answer.status}.")
    try:
        url = orjson.loads(answer.body)["browser_download_url"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        url = None
    if not isinstance(url, str) or answer.status != 200:
        raise BadLink("reference", f"The GitHub release {release_page} has no asset {number}.")
    return url
