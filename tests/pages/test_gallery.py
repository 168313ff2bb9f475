"""Icons, covers and screenshots on the pages, with and without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from downloads.services import feature_download
from releasehub.pages.templatetags.pictures import download_icon
from tests.factories import image_bytes, make_download, make_picture, make_version, system
from tests.pages.test_browser import check, watched

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
__all__ = ["watched"]


@pytest.fixture
def download() -> Any:
    download = make_download(title="Tool kit")
    make_version(download, "1.0.0", files=1)
    make_picture(download, "icon", image_bytes("PNG", (200, 200)))
    make_picture(download, "cover", alt_text="The start page")
    make_picture(download, alt_text="A table of builds", caption="All builds")
    make_picture(download, content=image_bytes("PNG", (640, 400)))
    download.refresh_from_db()
    return download


def test_pages_show_the_pictures_with_sizes_and_descriptions(client: Client, download: Any) -> None:
    text = client.get(download.path).content.decode()
    large = download.stored_pictures.get(width=640).sizes.last().path
    for part in (
        f'src="{download.pictures["icon"]["sizes"][0][0]}"',
        f'"image": "http://testserver{download.picture_path("icon")}"',
        'alt="The start page"',
        'alt="A table of builds"',
        'alt="Screenshot 2 of Tool kit"',
        "All builds",
        f'<a href="{large}" data-picture>',
        'width="640" height="400"',
    ):
        assert part in text
    assert re.findall(r"<img (?![^>]*\bsrc=)", text) == []
    assert 'width="42" height="42" alt="" loading="lazy"' in client.get("/").content.decode()


def test_download_without_icon_shows_its_initials_in_a_hue_of_its_slug() -> None:
    first, same = (download_icon(make_download(title=title)) for title in ("Tool kit", "tool kit!"))
    assert first.endswith(">TK</span>")
    assert same.endswith(">TK</span>")
    assert download_icon(make_download(title="…")).endswith(">?</span>")


@pytest.mark.django_db(transaction=True)
def test_screenshots_open_in_a_dialog_for_the_keyboard(watched: Any, live_server: Any, download: Any) -> None:
    feature_download(actor=system(), download=download)
    watched.goto(live_server.url)
    check(watched)
    watched.goto(live_server.url + download.path)
    watched.focus("[data-picture] >> nth=0")
    watched.keyboard.press("Enter")
    watched.wait_for_selector("dialog[open]")
    shown = watched.locator("dialog img")
    assert shown.get_attribute("alt") == "A table of builds"
    watched.keyboard.press("ArrowRight")
    assert shown.get_attribute("alt") == "Screenshot 2 of Tool kit"
    assert "2 / 2" in watched.inner_text("dialog figcaption")
    check(watched)
    watched.keyboard.press("Escape")
    # The browser focuses the first picture again, and then tells the script that the dialog was closed.
    watched.wait_for_selector("[data-picture]:focus img[alt='Screenshot 2 of Tool kit']")
