"""The search field of the admin's lists: the newest rows are searched, after the filters of the list."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from releasehub.backoffice.lists import tools
from tests.factories import make_download, make_version

pytestmark = pytest.mark.django_db
TOLD = "Only the newest 3 rows were searched."


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch) -> Download:
    """A download with four versions, of which three are searched."""
    monkeypatch.setattr(tools, "MAX_SEARCHED_ROWS", 3)
    download = make_download(title="tool")
    for number in range(4):
        make_version(download, f"1.{number}.0", channel="beta" if number == 0 else "stable")
    return download


def listed(root: Client, query: str) -> tuple[list[str], str]:
    """Return the numbers of the versions in the list, and its page."""
    response = root.get(f"{reverse('admin:versions_version_changelist')}?{query}")
    assert response.status_code == 200
    return sorted(row.number for row in response.context["cl"].result_list), response.content.decode()


def test_a_search_finds_no_old_rows_and_says_so(root: Client, download: Download) -> None:
    assert listed(root, "q=1.0.0")[0] == []
    numbers, page = listed(root, "q=tool")
    assert numbers == ["1.1.0", "1.2.0", "1.3.0"]
    assert TOLD in page


def test_filters_apply_before_rows_are_counted(root: Client, download: Download) -> None:
    numbers, page = listed(root, "q=1.0.0&channel=beta")
    assert numbers == ["1.0.0"]
    assert TOLD not in page


def test_without_a_search_every_row_is_listed(root: Client, download: Download) -> None:
    numbers, page = listed(root, "")
    assert len(numbers) == 4
    assert TOLD not in page


def test_choices_of_a_form_are_ordered_and_leave_no_message_for_the_next_page(root: Client, download: Download) -> None:
    for number in range(3):
        make_download(title=f"tool {number}")
    url = reverse("admin:autocomplete")
    found = root.get(url, {"term": "tool", "app_label": "versions", "model_name": "version", "field_name": "download"})
    assert [choice["text"] for choice in found.json()["results"]] == ["tool 2", "tool 1", "tool 0"]
    assert TOLD not in listed(root, "")[1]
