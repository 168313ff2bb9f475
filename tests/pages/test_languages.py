"""The language and the time zone of a page, which follow the visitor, and those of APIs and the admin, which do not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from releasehub.core import anonymous_cache
from releasehub.pages.preferences import zone_of
from releasehub.pages.templatetags.dates import ago, day, moment, moment_text
from releasehub.pages.templatetags.pages import times_fetched
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def language_of(client: Client, url: str = "/account/sign-in/", **headers: str) -> str:
    answer = client.get(url, headers=headers)
    language = answer["Content-Language"]
    assert f'<html lang="{language}" dir="ltr"' in answer.content.decode()
    return language


@pytest.mark.parametrize(
    ("header", "language"), [("de-AT,de;q=0.9", "de"), ("fr, de;q=0.5", "de"), ("fr", "en"), ("*", "en"), ("", "en")]
)
def test_page_is_in_the_first_language_of_the_browser_that_the_site_has(
    client: Client, header: str, language: str
) -> None:
    assert language_of(client, **{"Accept-Language": header}) == language


def test_first_language_of_the_site_is_for_other_browsers(client: Client, settings: Any) -> None:
    settings.SITE_LANGUAGES = ["de"]
    assert language_of(client, **{"Accept-Language": "en"}) == "de"
    assert b"hreflang" not in client.get("/").content


def test_chosen_language_is_remembered_and_wins_over_the_browser(client: Client) -> None:
    assert language_of(client, "/?lang=xx") == "en"
    assert language_of(client, "/?lang=de", **{"Accept-Language": "en"}) == "de"
    assert language_of(client, **{"Accept-Language": "en"}) == "de"
    assert language_of(client, "/?lang=en", **GERMAN) == "en"


def test_page_tells_caches_and_search_engines_its_languages(client: Client) -> None:
    answer = client.get("/search/?q=tool")
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
    text = answer.content.decode()
    assert '<link rel="alternate" hreflang="de" href="http://testserver/search/?q=tool&amp;lang=de">' in text
    assert '<link rel="alternate" hreflang="x-default" href="http://testserver/search/?q=tool">' in text


def test_errors_are_in_the_language_of_the_visitor(client: Client) -> None:
    assert client.get("/categories/absent/", headers=GERMAN)["Content-Language"] == "de"
    assert client.get("/no/such/page", headers=GERMAN)["Content-Language"] == "de"


def test_apis_feeds_and_the_admin_stay_english(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    client.cookies["releasehub_browser_zone"] = "Europe/Berlin"
    for url in ("/api/whoami", "/feed.atom", "/admin/", "/robots.txt"):
        answer = client.get(url, headers=GERMAN)
        assert "Content-Language" not in answer, url
        assert "Accept-Language" not in answer.get("Vary", ""), url


def test_language_does_not_leak_into_the_next_request(client: Client) -> None:
    before = (translation.get_language(), timezone.get_current_timezone_name())
    client.cookies["releasehub_browser_zone"] = "Europe/Berlin"
    client.get("/", headers=GERMAN)
    assert (translation.get_language(), timezone.get_current_timezone_name()) == before


def test_anonymous_visitors_of_each_language_and_zone_share_a_cached_page(settings: Any) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    anonymous_cache.forget()
    english, german, berlin = Client(), Client(headers=GERMAN), Client(headers=GERMAN)
    berlin.cookies["releasehub_browser_zone"] = "Europe/Berlin"
    tags = [client.get("/")["ETag"] for client in (english, german, berlin)]
    assert tags[0] != tags[1]
    berlin.cookies["releasehub_language"] = "en"
    assert berlin.get("/").content == english.get("/").content
    assert "private" not in berlin.get("/")["Cache-Control"]
    anonymous_cache.forget()


def test_other_cookies_keep_a_response_private(client: Client) -> None:
    client.cookies["sessionid"] = "unknown"
    assert "private" in client.get("/")["Cache-Control"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "../etc/passwd", "Nowhere", ""])
def test_zone_of_the_browser_is_used_if_it_exists(rf: RequestFactory, zone: str) -> None:
    request = rf.get("/", headers={"Cookie": f"releasehub_browser_zone={zone}"})
    assert str(zone_of(request)) == ("Europe/Berlin" if zone == "Europe/Berlin" else "None")


def test_chosen_zone_wins_over_that_of_the_browser(rf: RequestFactory) -> None:
    cookies = "releasehub_browser_zone=Europe/Berlin; releasehub_zone=Asia/Tokyo"
    assert str(zone_of(rf.get("/", headers={"Cookie": cookies}))) == "Asia/Tokyo"


def test_dates_are_in_the_active_language_and_zone() -> None:
    assert moment(NOON) == '<time datetime="2026-05-03T12:00:00+00:00">3 May 2026 12:00 UTC</time>'
    with translation.override("de"), timezone.override("Europe/Berlin"):
        assert moment_text(NOON) == "3. Mai 2026 14:00 CEST"
        assert day(datetime(2026, 5, 3, 23, 0, tzinfo=UTC)).endswith(">4. Mai 2026</time>")
        assert day(date(2026, 5, 3)) == '<time datetime="2026-05-03">3. Mai 2026</time>'
    with timezone.override("America/Sao_Paulo"):
        assert moment_text(NOON) == "3 May 2026 09:00 UTC-03"
    assert moment(None) == day(None) == moment_text(None) == ""


def test_days_are_not_remembered_for_another_language() -> None:
    for language, text in (("en", "3 May 2026"), ("de", "3. Mai 2026"), ("en", "3 May 2026")):
        with translation.override(language):
            assert day(date(2026, 5, 3)) == f'<time datetime="2026-05-03">{text}</time>'


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [("en", 1, "1| time fetched"), ("en", 1234, "1,234| times fetched"), ("de", 1234, "1.234|-mal heruntergeladen")],
)
def test_number_of_downloads_is_a_phrase_for_screen_readers(language: str, count: int, text: str) -> None:
    number, words = text.split("|")
    with translation.override(language):
        assert times_fetched(count) == f'{number}<span class="hidden">{words}</span>'


def test_age_is_a_grammatical_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    assert ago(NOON - timedelta(days=90)) == "3\u00a0months ago"
    with translation.override("de"):
        assert ago(NOON - timedelta(days=90)) == "vor 3\u00a0Monaten"
        assert ago(NOON - timedelta(days=1)) == "vor 1\u00a0Tag"


def test_switch_of_an_error_page_neither_needs_a_valid_host_nor_leads_to_another() -> None:
    client = Client(raise_request_exception=False)
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    page = client.get("//evil.example/").content.decode()
    assert "?lang=de" in page
    assert '"//evil.example' not in page
