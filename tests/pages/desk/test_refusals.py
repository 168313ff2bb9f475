"""Refusals on the author's desk are shown in the language of the author."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from tests.factories import make_file, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
GERMAN = {"Accept-Language": "de"}


def shown_after(author: Client, name: str, args: list[str], **data: str) -> str:
    page = author.post(reverse(f"pages:{name}", args=args), data, headers=GERMAN, follow=True)
    return page.content.decode()


def test_refused_change_of_a_download_is_german(author: Client, download: Download) -> None:
    assert "ist nicht gelöscht" in shown_after(author, "desk-download-act", [download.public_id, "restore"])


def test_refused_change_of_a_version_is_german(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", state="draft")
    assert "ist nicht veröffentlicht" in shown_after(author, "desk-version-move", [version.public_id, "yank"])


def test_refused_change_of_several_versions_is_german(author: Client, download: Download) -> None:
    version = make_version(download, "1.0.0", state="draft")
    data = {"move": "yank", "version": version.public_id}
    assert "ist nicht veröffentlicht" in shown_after(author, "desk-versions-move", [download.public_id], **data)


def test_refused_change_of_a_file_is_german(author: Client, download: Download) -> None:
    file = make_file(make_version(download, "1.0.0"))
    assert "ist nicht gelöscht" in shown_after(author, "desk-file-act", [file.public_id, "restore"])
