"""Moderators read and close reports in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from releasehub.community.models import Report
from tests.factories import make_comment, make_download, make_report, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
LIST = "admin:community_report_changelist"


@pytest.fixture
def moderator() -> Client:
    client = Client()
    client.force_login(make_user("mod", is_staff=True, permissions=("moderate_download",)))
    return client


def test_moderator_closes_several_reports_with_a_note(moderator: Client) -> None:
    rows = [make_report(reason="malware"), make_report(make_comment())]
    page = moderator.get(reverse(LIST)).content.decode()
    assert reverse("admin:community_comment_change", args=[rows[1].object_id]) in page
    data = {"action": "dismiss", "_selected_action": [row.pk for row in rows], "confirmed": "1", "reason": "Fine."}
    moderator.post(reverse(LIST), data)
    closed = Report.objects.values_list("state", "note", "handled_by__username")
    assert set(closed) == {("dismissed", "Fine.", "mod")}
    assert "report about" not in moderator.get(reverse(LIST)).content.decode()
    assert moderator.get(reverse(LIST) + "?state=all").status_code == 200


def test_staff_without_the_permission_see_no_reports() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    report = make_report()
    assert "open report" not in client.get(reverse("admin:index")).content.decode()
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse("admin:community_report_change", args=[report.pk])).status_code == 403


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_has_the_text_of_a_link_as_it_was_written(moderator: Client, form: str) -> None:
    make_report(make_download(title="Rock & Roll <2>"))
    answer: Any = moderator.get(reverse("admin:community_report_export", args=[form]))
    assert answer.getvalue().decode().count("Rock & Roll <2>") == 2  # a link to the target, and the download


def test_the_list_takes_the_same_number_of_queries(moderator: Client, django_assert_max_num_queries: Any) -> None:
    counts = []
    for rows in (1, 5):
        for _ in range(rows):
            make_report(make_download())
        with django_assert_max_num_queries(60) as queries:
            assert moderator.get(reverse(LIST)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
