"""The frame of all pages: name, logo, color and links of the site, the front page, and the style guide."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from downloads.models import Download
from releasehub.pages import site
from releasehub.pages.colors import contrast, nearest_readable, readable_on
from releasehub.pages.parameters import PER_PAGE
from releasehub.pages.style_guide import icon_names
from releasehub.pages.templatetags.pages import KIND_ICONS, PLATFORM_ICONS
from tests.factories import make_category, make_download

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
LEVEL_AA = 4.5


def test_pages_show_the_name_the_logo_and_the_links_of_the_site(client: Client, settings: Any) -> None:
    settings.SITE_NAME, settings.LOGO_URL, settings.ACCENT_COLOR = "Northwind <Files>", "/brand/logo.svg", "#ffcc00"
    settings.IMPRINT_URL, settings.PRIVACY_URL = "/imprint", "https://example.org/privacy"
    assert "<title>Sign in · Northwind &lt;Files&gt;</title>" in client.get("/account/sign-in/").content.decode()
    text = client.get("/").content.decode()
    for part in ('src="/brand/logo.svg"', 'href="/imprint"', 'href="https://example.org/privacy"', "/theme.css?ffcc00"):
        assert part in text


def test_default_site_has_no_extra_request_and_no_empty_links(client: Client) -> None:
    text = client.get("/").content.decode()
    assert "theme.css" not in text
    assert "Imprint" not in text


def test_theme_has_a_readable_shade_for_each_scheme(client: Client, settings: Any) -> None:
    settings.ACCENT_COLOR = "#ffcc00"
    answer = client.get("/theme.css")
    assert answer["Content-Type"] == "text/css"
    assert answer.content.decode().count("--accent:#") == 2
    assert "--accent:#ffcc00" in answer.content.decode().partition("@media")[2]


@pytest.mark.parametrize("color", ["#ffcc00", "#000000", "#ffffff", "#808080", "#1f4fbf"])
@pytest.mark.parametrize("backgrounds", [site.LIGHT_BACKGROUNDS, site.DARK_BACKGROUNDS])
def test_shades_are_readable(color: str, backgrounds: tuple[str, ...]) -> None:
    shade = nearest_readable(color, backgrounds)
    assert min(contrast(shade, background) for background in backgrounds) >= LEVEL_AA
    assert contrast(readable_on(shade), shade) >= LEVEL_AA


def test_contrast_of_known_colors() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_style_guide_exists_with_debug_only(client: Client, settings: Any) -> None:
    assert client.get("/styleguide/").status_code == 404
    settings.DEBUG = True
    assert b"Style guide" in client.get("/styleguide/").content


def test_icons_of_files_are_in_the_sprite() -> None:
    used = {*PLATFORM_ICONS.values(), *KIND_ICONS.values(), "system", "file"}
    assert used <= set(icon_names())


def test_front_page_counts_the_downloads_of_whole_branches(client: Client) -> None:
    tools = make_category("Tools")
    inner = make_category("Inner", parent=make_category("Middle", parent=tools))
    for category in (tools, inner, inner):
        make_download(category=category)
    text = client.get("/").content.decode()
    assert '3<span class="hidden"> downloads</span>' in text
    assert "Inner</a>" not in text
    middle = client.get("/categories/tools/").content.decode()
    assert '2<span class="hidden"> downloads</span>' in middle


def test_popular_downloads_are_shown_if_there_is_more_than_one_page(client: Client) -> None:
    category = make_category("Only")
    downloads = [make_download(title=f"Tool {number}", category=category) for number in range(PER_PAGE)]
    Download.objects.filter(pk=downloads[0].pk).update(download_count=7)
    assert b"Popular" not in client.get("/").content
    make_download(title="One more", category=category)
    text = client.get("/").content.decode()
    assert "Popular" in text
    assert '7<span class="hidden"> times fetched' in text.partition("Recently updated")[0]
    assert b"Popular" not in client.get("/?page=2").content
