"""The preview of Markdown."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from releasehub.pages.desk import markdown_preview

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_preview_is_clean_html_and_limited(author: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_preview, "MAX_PER_MINUTE", 2)
    url = reverse("pages:desk-preview")
    answers = [author.post(url, {"text": "*New* <script>alert(1)</script>"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert b"<em>New</em>" in answers[0].content
    assert b"<script" not in answers[0].content
