"""Tests of the messages for chats, against a receiver on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.events import EventType
from releasehub.webhooks.models import Delivery
from tests.factories import system
from tests.webhooks.conftest import Receiver, announce, make_endpoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
Start = Callable[..., Receiver]
HUB = "https://hub.example"
CHATS = ["slack", "discord", "teams", "matrix"]
NASTY = "@everyone <!channel> <@U1> @room **a** [x](https://evil.example) <b>&"


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    settings.PUBLIC_URL = HUB


def body(receiver: Receiver) -> Any:
    assert deliver_batch() == 1
    headers, sent = receiver.received[-1]
    assert headers["content-type"] == "application/json"
    return json.loads(sent)


def publish(receiver: Receiver, format_: str, *, title: str = "Pack Smith", notes: str = "Faster.") -> Any:
    make_endpoint(receiver.url, format=format_, events=["version.published"])
    download = {"title": title, "path": "/downloads/pack-smith.7/", "state": "published"}
    announce(event=EventType.VERSION_UPDATED, state="published", download=download)
    announce(event=EventType.VERSION_PUBLISHED, state="published", release_notes=notes, download=download)
    return body(receiver)


def test_slack_gets_a_text(receiver: Start) -> None:
    text = f"Pack Smith 1.0.0 was published.\nFaster.\n<{HUB}/downloads/pack-smith.7/1.0.0/>"
    assert publish(receiver(), "slack") == {"text": text, "mrkdwn": False, "unfurl_links": False}


def test_a_changelog_stands_in_for_notes(receiver: Start) -> None:
    make_endpoint((slack := receiver()).url, format="slack", events=["version.published"])
    download = {"title": "Tool", "path": "/downloads/tool.7/", "state": "published"}
    texts = {"release_notes": "", "changelog": "Fixed it."}
    announce(event=EventType.VERSION_PUBLISHED, state="published", download=download, **texts)
    assert "\nFixed it.\n" in body(slack)["text"]


def test_discord_gets_content_without_mentions(receiver: Start) -> None:
    content = f"Pack Smith 1.0.0 was published.\nFaster.\n<{HUB}/downloads/pack-smith.7/1.0.0/>"
    sent = publish(receiver(), "discord")
    assert sent == {"content": content, "allowed_mentions": {"parse": []}, "flags": 4}


def test_teams_gets_an_adaptive_card(receiver: Start) -> None:
    (attachment,) = publish(receiver(), "teams", notes=NASTY)["attachments"]
    card = attachment["content"]
    runs = [block["inlines"][0]["text"] for block in card["body"]]
    assert runs == ["Pack Smith 1.0.0 was published.", NASTY]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}  # it has no markup, unlike a TextBlock
    assert card["actions"][0]["url"] == f"{HUB}/downloads/pack-smith.7/1.0.0/"


def test_matrix_gets_text_and_html(receiver: Start) -> None:
    url = f"{HUB}/downloads/pack-smith.7/1.0.0/"
    assert publish(receiver(), "matrix", notes="a\n<b>") == {
        "text": f"Pack Smith 1.0.0 was published.\na\n<b>\n{url}",
        "html": "<strong>Pack Smith 1.0.0 was published.</strong><br>a<br>&lt;b&gt;<br>" + f'<a href="{url}">{url}</a>',
    }


@pytest.mark.parametrize(
    ("format_", "forbidden"),
    [
        ("slack", ["<!", "<@", "<b>"]),
        ("discord", ["<@", " @room", "**a", " [x]"]),
        ("matrix", ["@room", "@everyone"]),
    ],
)
def test_texts_of_users_are_escaped(receiver: Start, format_: str, forbidden: list[str]) -> None:
    sent = publish(receiver(), format_, title=f"x {NASTY}", notes=f"x {NASTY}")
    text = sent.get("text") or sent["content"]
    assert [mark for mark in forbidden if mark in text] == []
    assert "<b>" not in sent.get("html", "")


@pytest.mark.parametrize("unit", ["x", "*", "<", "\U0001f600", "\n"])
@pytest.mark.parametrize("format_", CHATS)
def test_long_texts_stay_below_the_limit_of_the_chat(receiver: Start, format_: str, unit: str) -> None:
    server = receiver()
    sent = publish(server, format_, title="T" + unit * 300, notes="N" + unit * 60_000)
    limits = {"slack": 40_000, "teams": 28_000, "matrix": 60_000}
    assert len(server.received[-1][1]) < limits.get(format_, 40_000)
    if format_ == "discord":
        assert len(sent["content"].encode("utf-16-le")) // 2 <= 2000
        assert sent["content"].endswith("/1.0.0/>")


@pytest.mark.parametrize("format_", CHATS)
def test_test_event_is_a_message(receiver: Start, format_: str) -> None:
    server = receiver()
    send_test_event(actor=system(), endpoint=make_endpoint(server.url, format=format_))
    assert "This is a test." in json.dumps(body(server))


def test_drafts_and_waiting_comments_are_not_announced(receiver: Start) -> None:
    make_endpoint(receiver().url, format="slack")
    announce(event=EventType.VERSION_CREATED, state="draft", download={"title": "x", "path": "/x/"})
    announce(event=EventType.COMMENT_CREATED, state="moderated", download={"title": "x", "path": "/x/"})
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("event", "data", "sentence"),
    [
        (EventType.DOWNLOAD_CREATED, {"title": "Pack"}, "Pack was created."),
        (
            EventType.VERSION_YANKED,
            {"download": {"title": "Pack"}, "yank_reason": "Broken"},
            "Pack 1.0.0 was yanked.\nBroken",
        ),
        (EventType.VERSION_UNYANKED, {"download": {"title": "Pack"}}, "Pack 1.0.0 is no longer yanked."),
        (
            EventType.FILE_REJECTED,
            {"filename": "a.zip", "version": {"number": "2", "download": {"title": "Pack"}}},
            "a.zip of Pack 2 has failed the checks.",
        ),
        (
            EventType.COMMENT_CREATED,
            {"author": {"username": "ann"}, "text": "Works <b>", "download": {"title": "Pack"}},
            "A comment by ann on Pack was created.\nWorks &lt;b&gt;",
        ),
        (
            EventType.REVIEW_UPDATED,
            {"author": None, "rating": 4, "text": "x", "download": {"title": "Pack"}},
            "A review (4 of 5) by a deleted account on Pack was updated.",
        ),
    ],
)
def test_sentence_names_the_object(receiver: Start, event: EventType, data: dict[str, Any], sentence: str) -> None:
    server = receiver()
    make_endpoint(server.url, format="slack")
    defaults = {} if "number" in data or event.value.startswith("version") else {"number": ""}
    announce(event=event, **(defaults | data))
    assert body(server)["text"] == sentence
