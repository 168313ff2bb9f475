"""Links to public downloads have a picture, which is drawn once for each change, and llms.txt describes the hub."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from downloads.services import update_download
from files.models import Blob, SocialCard
from releasehub.pages import pictures
from releasehub.pages.card_drawing import FONTS as FONT_FOLDER
from releasehub.pages.card_drawing import LINE_PIXELS, Card, cut, draw_card, has_glyphs, load_font, wrapped
from tests.factories import make_download, make_picture, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
REGULAR = str(FONT_FOLDER / "DejaVuSans.ttf")


def card_path(client: Client, download: Any) -> str:
    found = re.search(r'<meta property="og:image" content="http://testserver([^"]+)">', page(client, download))
    assert found
    return found[1]


def page(client: Client, download: Any) -> str:
    return client.get(download.path).content.decode()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """Return the cards that were drawn."""
    cards: list[Card] = []

    def draw(card: Card, *arguments: Any) -> bytes:
        cards.append(card)
        return draw_card(card, *arguments)

    monkeypatch.setattr(pictures, "draw_card", draw)
    return cards


def test_page_names_a_card_that_is_drawn_once_and_cached(client: Client, drawn: list[Card]) -> None:
    download = make_download(title="Tool", tag_line="Does things")
    make_picture(download, "icon")
    path = card_path(client, download)
    answers = [client.get(path) for _ in range(2)]
    assert [answer["Content-Type"] for answer in answers] == ["image/png"] * 2
    assert Image.open(BytesIO(answers[0].content)).size == (1200, 630)
    assert "immutable" in answers[0]["Cache-Control"]
    assert len(drawn) == SocialCard.objects.count() == 1
    assert 'property="og:image:alt" content="Tool: Does things"' in page(client, download)


def test_change_draws_a_new_card_in_place_of_the_old_one(client: Client, drawn: list[Card], run_tasks: Any) -> None:
    download = make_download(title="Tool")
    old = card_path(client, download)
    client.get(old)
    update_download(actor=system(), download=download, title="Better tool")
    new = card_path(client, download)
    Blob.objects.update(claimed_until=None)
    with run_tasks():
        assert client.get(new).status_code == 200
    assert [card.title for card in drawn] == ["Tool", "Better tool"]
    assert Blob.objects.count() == 1
    assert client.get(old)["Location"] == new


def test_private_download_has_no_card(client: Client) -> None:
    download = make_download(title="Tool")
    path = card_path(client, download)
    update_download(actor=system(), download=download, visibility="private")
    client.force_login(download.owner)
    assert "og:image" not in page(client, download)
    assert client.get(path).status_code == 404


def test_drawing_is_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_DRAWN_PER_MINUTE", 1)
    paths = [card_path(client, make_download()) for _ in range(2)]
    assert [client.get(path).status_code for path in paths] == [200, 429]


@pytest.mark.parametrize("title", ["Größenänderung", "Обновление", "Ελλάδα", "Zażółć gęślą"])
def test_font_has_the_letters_of_european_languages(title: str) -> None:
    assert has_glyphs(load_font(REGULAR, LINE_PIXELS), title)


def test_title_that_the_font_lacks_is_replaced_by_the_slug() -> None:
    values = {"fallback": "tool", "tag_line": "", "icon_path": "", "site_name": "Hub", "accent": "#aa3300"}
    assert not has_glyphs(load_font(REGULAR, LINE_PIXELS), "発行")
    assert draw_card(Card(title="発行", **values), b"") == draw_card(Card(title="tool", **values), b"")


def test_long_texts_are_wrapped_and_end_with_an_ellipsis() -> None:
    font = load_font(REGULAR, LINE_PIXELS)
    lines = list(wrapped("word " * 100, font, max_lines=2))
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert font.getlength(cut("x" * 150, font, 400)) <= 400


def test_llms_txt_tells_how_to_find_downloads(client: Client) -> None:
    make_download(title="Tool")
    answer = client.get("/llms.txt")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    for part in ("# ReleaseHub", "http://testserver/api/docs/", "http://testserver/feed.atom", "/d/{slug}/latest/"):
        assert part in text
