"""How the key pages look, in both themes and widths, and whether they fit when they are written from right to left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from downloads.models import Download
from files.models import DownloadDay
from releasehub.distribution import links
from releasehub.search.refresh import refresh_index
from tests.factories import make_category, make_comment, make_download, make_file, make_review, make_user, make_version
from tests.pages.snapshots import MAX_DIFFERENT_SHARE, compare, different_share, hold_still
from versions.models import Version

HEIGHTS = {1440: 900, 360: 740}
SCHEMES = ("light", "dark")
RELEASED = datetime(2024, 5, 7, 12, tzinfo=UTC)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
NOTES = "## New\n\n- Builds resume where they stopped\n- `verify` checks a finished package"
BUILDS = (("windows", "x64"), ("macos", "arm64"), ("linux", "x64"))


@pytest.fixture
def paths(transactional_db: None) -> dict[str, str]:
    """The key pages, with the same content at any time."""
    ann, tools = make_user("ann"), make_category(title="Tools", description="Command-line tools and desktop helpers.")
    titles = ("Packsmith", "Tracelens", "Emberfall Engine", "Sample Textures", "Release Handbook")
    tool, *others = (
        make_download(ann, title=title, category=tools, tag_line=f"What {title} does, in a sentence", license="MIT")
        for title in titles
    )
    for number in ("1.0.0", "1.1.0"):
        version = make_version(tool, number, release_notes=NOTES)
        for platform, architecture in BUILDS:
            make_file(version, name=f"{number}-{platform}.zip", platform=platform, architecture=architecture)
    for other in others:
        make_version(other, "2.0.0", files=1)
    make_comment(tool, text="Is there a way to leave a folder out?")
    make_review(tool, text="Works well.", rating=4)
    today = timezone.now().date()
    for back in range(30):
        day = today - timedelta(days=back)
        DownloadDay.objects.create(file=version.files.earliest("pk"), day=day, downloads=40 - back)
    Version.objects.update(created_at=RELEASED, released_at=RELEASED, published_at=RELEASED)
    Download.objects.update(last_update_at=RELEASED, created_at=RELEASED, download_count=120)
    refresh_index()
    return {
        "front": "/",
        "search": "/search/?q=pack",
        "category": tools.path,
        "download": tool.path,
        "version": links.version_path(version),
        "versions": f"{tool.path}about/versions/",
        "statistics": f"{tool.path}about/statistics/",
        "sign-in": "/account/sign-in/",
        "not-found": "/absent/",
    }


@pytest.fixture
def pages(browser: Any) -> Iterator[dict[int, Any]]:
    """A window of each width. Its pages accept the style that replaces the fonts."""
    contexts = {
        width: browser.new_context(
            viewport={"width": width, "height": height},
            user_agent=WINDOWS,
            bypass_csp=True,
            timezone_id="UTC",
            locale="en-US",
        )
        for width, height in HEIGHTS.items()
    }
    yield {width: context.new_page() for width, context in contexts.items()}
    for context in contexts.values():
        context.close()


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_key_pages_look_as_stored_and_fit_from_right_to_left(
    paths: dict[str, str], pages: dict[int, Any], live_server: Any, tmp_path: Path
) -> None:
    """One world and one walk serve both checks, because building and loading take most of the time."""
    problems = []
    for width, page in pages.items():
        page.set_default_timeout(180_000)
        for name, path in paths.items():
            page.goto(live_server.url + path)
            hold_still(page)
            for scheme in SCHEMES:  # without loading it again, because only style sheets know the scheme
                page.emulate_media(color_scheme=scheme)
                problems.append(compare(f"{name}-{width}-{scheme}", page.screenshot(), tmp_path))
            problems.append(misfit_from_right_to_left(page, f"{name}-{width}"))
    assert [problem for problem in problems if problem] == []


def misfit_from_right_to_left(page: Any, name: str) -> str:
    """Return what is wrong when the page is mirrored: it is wider than the window, or the name is not on the right."""
    page.evaluate("document.documentElement.dir = 'rtl'")
    width, window, middle = page.evaluate("""() => {
        const brand = document.querySelector(".brand").getBoundingClientRect();
        return [document.documentElement.scrollWidth, innerWidth, (brand.left + brand.right) / 2];
    }""")
    is_mirrored = width <= window and middle > window / 2
    return "" if is_mirrored else f"{name}: {width} of {window} pixels wide, the name is at {middle}."


@pytest.mark.embedded
def test_blocks_that_differ_are_counted() -> None:
    page = Image.new("RGB", (100, 100), (255, 255, 255))
    assert different_share(page, page) == 0
    button = page.copy()
    button.paste((240, 230, 240), (10, 10, 20, 15))
    assert different_share(page, button) == 0.005 > MAX_DIFFERENT_SHARE
    pale = page.copy()
    pale.paste((250, 250, 250), (0, 0, 100, 100))
    assert different_share(page, pale) == 0
