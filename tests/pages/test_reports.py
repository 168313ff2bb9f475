"""The page on which visitors report something, and the links to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from downloads.models import Download
from releasehub.community.models import Report
from tests.crawling import read
from tests.factories import make_comment, make_download, make_user, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FIELDS = {"reason": "copyright", "text": "This is my program."}


@pytest.fixture
def download() -> Download:
    return make_download(title="Tool")


@pytest.fixture
def user(client: Client) -> Any:
    client.force_login(found := make_user())
    return found


def links_of(client: Client, path: str) -> set[str]:
    links, _ = read(path, client.get(path).content)
    return {link for link in links if link.startswith("/report/")}


def test_pages_link_to_what_can_be_reported(client: Client, user: Any, download: Download) -> None:
    version = make_version(download, "1.0", files=1)
    comment, own = make_comment(download), make_comment(download, user)
    url = f"/report/comment/{comment.public_id}/"
    assert links_of(client, download.path) == {f"/report/download/{download.public_id}/", url}
    assert own.public_id not in url
    assert links_of(client, f"{download.path}1.0/") == {f"/report/version/{version.public_id}/"}


def test_a_user_sends_a_report(client: Client, user: Any, download: Download) -> None:
    url = f"/report/comment/{make_comment(download).public_id}/"
    assert "About a comment on" in client.get(url).content.decode()
    answer = client.post(url, FIELDS, follow=True)
    assert answer.redirect_chain == [(download.path, 302)]
    assert "Thank you." in answer.content.decode()
    report = Report.objects.get()
    assert (report.kind, report.reason, report.reporter) == ("comment", "copyright", user)
    again = client.post(url, FIELDS)
    assert again.status_code == 400
    assert "You reported this already." in again.content.decode()


def test_anonymous_visitors_sign_in_unless_the_setting_allows_more(
    client: Client, download: Download, settings: Any
) -> None:
    url = f"/report/download/{download.public_id}/"
    for path in (url, "/report/download/unknown/", "/report/file/unknown/"):
        assert client.get(path)["Location"] == f"/account/sign-in/?next={path}"
    settings.ANONYMOUS_REPORTS = True
    assert client.get("/report/file/unknown/").status_code == 404
    page = client.get(url)
    assert "no-store" in page["Cache-Control"]
    assert client.post(url, FIELDS | {"website": "https://spam.example"}).status_code == 302
    assert not Report.objects.exists()
    assert client.post(url, FIELDS).status_code == 302
    assert Report.objects.get().reporter is None


def test_too_many_reports_are_429(client: Client, user: Any, download: Download, settings: Any) -> None:
    settings.REPORTS_PER_HOUR = 1
    client.post(f"/report/download/{download.public_id}/", FIELDS)
    answer = client.post(f"/report/download/{make_download().public_id}/", FIELDS)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
