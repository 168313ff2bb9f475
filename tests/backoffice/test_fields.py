"""Fields of the admin for people: words, sizes, suggestions, previews and relative times."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import Category, Download
from files.models import File
from releasehub.backoffice.fields.cells import time_html
from releasehub.backoffice.fields.sizes import SizeField, written_size
from releasehub.backoffice.fields.words import TagListField
from tests.conftest import begin_with
from tests.factories import make_user, make_version
from versions.models import Version


def build() -> dict[str, Any]:
    root = make_user("root", is_staff=True, is_superuser=True)
    return {"root": root, "version": make_version(files=1)}


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


@pytest.fixture
def root(world: dict[str, Any], client: Client) -> Client:
    client.force_login(world["root"])
    return client


@pytest.mark.parametrize(
    ("text", "size"),
    [("300 MB", 300_000_000), ("1.5 GiB", 1_610_612_736), ("1.5gib", 1_610_612_736), ("20000", 20_000), ("7 bytes", 7),
     ("0", 0), ("", None), (" 2 kb ", 2000)],
)  # fmt: skip
def test_size_is_read_with_its_unit(world: Any, text: str, size: int | None) -> None:
    assert SizeField(required=False).clean(text) == size


@pytest.mark.parametrize("text", ["many", "-1", "1 PB", "1e9", "9" * 5000, "1,5 GB", "999999999999 TB"])
def test_invalid_size_is_refused(world: Any, text: str) -> None:
    with pytest.raises(forms.ValidationError):
        SizeField().clean(text)


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1024, 300_000, 300_001, 5 * 1024**3, 2 * 10**12])
def test_size_is_written_without_losing_a_byte(world: Any, size: int) -> None:
    assert SizeField().clean(written_size(size)) == size


def test_words_are_a_list_without_doubles(world: Any) -> None:
    field = TagListField(required=False, empty=[])
    assert field.clean(" linux, macos,,linux ") == ["linux", "macos"]
    assert (field.clean(""), field.prepare_value(["a", "b"])) == ([], "a, b")
    assert not field.has_changed(["a", "b"], "a,b")


@pytest.mark.parametrize(
    ("age", "text"), [(timedelta(hours=3), "3 hours ago"), (timedelta(days=2, hours=3), "2 days ago"),
                      (-timedelta(days=2, hours=3), "2 days from now")],
)  # fmt: skip
def test_time_is_relative_with_the_exact_one_as_title(world: Any, age: timedelta, text: str) -> None:
    html = time_html(timezone.now() - age - timedelta(seconds=30 if age > timedelta() else -30))
    assert f">{text}</time>" in html
    assert 'title="' in html


def test_version_has_words_suggestions_and_a_preview_instead_of_json(root: Client, world: Any) -> None:
    url = reverse("admin:versions_version_change", args=[world["version"].pk])
    page = root.get(url).content.decode()
    assert 'value="[]"' not in page
    assert '<option value="beta">' in page  # a channel to choose
    assert f'data-preview="{reverse("pages:desk-preview")}"' in page
    assert "ago</time>" in page or "now</time>" in page
    assert 'aria-label="Platform"' in page


def test_words_and_sizes_reach_the_services(root: Client, world: Any) -> None:
    version: Version = world["version"]
    form = {"number": version.number, "channel": "stable", "visibility": "listed", "platforms": "linux, macos"}
    form |= {"files-TOTAL_FORMS": 0, "files-INITIAL_FORMS": 0}
    assert root.post(reverse("admin:versions_version_change", args=[version.pk]), form).status_code == 302
    version.refresh_from_db()
    assert version.platforms == ["linux", "macos"]
    category = version.download.category
    body = {"title": category.title, "slug": category.slug, "display_order": 0, "max_file_bytes": "2 GiB"}
    body |= {"allowed_extensions": "zip, .exe"}
    root.post(reverse("admin:downloads_category_change", args=[category.pk]), body)
    category = Category.objects.get(pk=category.pk)
    assert category.max_file_bytes == 2 * 1024**3
    assert [word.lstrip(".") for word in category.allowed_extensions or ()] == ["zip", "exe"]
    root.post(reverse("admin:downloads_category_change", args=[category.pk]), body | {"allowed_extensions": ""})
    assert Category.objects.get(pk=category.pk).allowed_extensions is None


def test_version_with_many_files_is_edited_page_by_page(root: Client, world: Any) -> None:
    version: Version = world["version"]
    same = {"version": version, "external_url": "https://files.example.org/tool", "validation_status": "passed"}
    File.objects.bulk_create([File(**same, filename=f"{n:03}", folded_name=f"{n:03}") for n in range(299)])
    url = reverse("admin:versions_version_change", args=[version.pk])
    page = root.get(f"{url}?files-page=2").context["inline_admin_formsets"][0].formset
    assert page.paginator.num_pages == 20
    fields = [field for form in page.forms for field in form]
    form = {field.html_name: "" if field.value() is None else field.value() for field in fields}
    form |= {name: "" for name, value in form.items() if value is False}  # as a browser leaves out a checkbox
    form |= {f"files-{name}": 15 for name in ("TOTAL_FORMS", "INITIAL_FORMS")} | {"files-page": 2}
    form |= {"number": version.number, "channel": "stable", "visibility": "listed", "platforms": ""}
    assert root.post(url, form | {"files-3-display_label": "Changed here"}).status_code == 302
    assert File.objects.get(display_label="Changed here").filename == page.forms[3].instance.filename


def test_size_with_an_error_is_shown_as_it_was_entered(root: Client, world: Any) -> None:
    category = world["version"].download.category
    page = root.post(reverse("admin:downloads_category_change", args=[category.pk]), {"max_file_bytes": "a lot"})
    assert 'value="a lot"' in page.content.decode()
    assert "“a lot” is not a size." in page.content.decode()


def test_list_shows_sizes_with_units_and_sorts_by_time(root: Client) -> None:
    page = root.get(reverse("admin:files_file_changelist")).content.decode()
    assert "bytes</span>" in page
    assert root.get(reverse("admin:versions_version_changelist"), {"o": "-7"}).status_code == 200


def test_cancel_leads_back_to_where_the_user_came_from(root: Client, world: Any) -> None:
    version = world["version"]
    page = root.get(reverse("admin:versions_version_act", args=[version.pk, "yank"]))
    assert page.context["cancel_url"] == reverse("admin:versions_version_change", args=[version.pk])
    url = reverse("admin:versions_version_changelist") + "?state__exact=published&q=1"
    page = root.post(url, {"action": "yank", "_selected_action": [version.pk]})
    assert page.context["cancel_url"] == url


def test_pages_have_the_landmarks_of_a_screen_reader(root: Client) -> None:
    page = root.get(reverse("admin:downloads_download_add")).content.decode()
    assert page.count('<div id="main" role="main"') == 1
    assert 'aria-label="Sections"' in page
    assert Download.objects.exists()
