"""No page or form of the admin shows rows that the staff user may not see, and neither do forms with errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from releasehub.accounts.models import Membership, Organization
from tests.conftest import begin_with
from tests.crawling import Form, read, templates_unrecorded
from tests.factories import make_download, make_everything, make_key, make_organization, make_user, make_version, system
from tests.sessions import signed_in
from versions.models import NamedChannel
from versions.services import create_label

HIDDEN = {Download: "Not for your eyes", Organization: "Closed circle"}
REFERRING = {"download": Download, "downloads": Download, "download_ids": Download, "organization": Organization}
PAGES_PER_MODEL = 3
MAX_ROWS_PER_MODEL = 12  # most of them are not for the user


def build() -> dict[str, Any]:
    make_everything(make_user("root", is_staff=True, is_superuser=True))
    staff = make_user("staff", is_staff=True)
    Membership.objects.create(organization=make_organization("Own"), user=staff, role="owner")
    mine = make_download(staff, title="Mine")
    make_version(mine, "1.0.0", files=1)
    make_key(staff)
    hidden = make_download(title=HIDDEN[Download], visibility="private")
    make_organization(HIDDEN[Organization])
    create_label(actor=system(), model=NamedChannel, name="both", display_name="Both", downloads=[mine, hidden])
    return {"staff": staff}


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


@pytest.fixture
def staff(world: dict[str, Any]) -> Client:
    """A user who manages a download and an organization, and has no rights as staff but to open the admin."""
    return signed_in(world["staff"])


def pages(client: Client) -> Iterator[tuple[str, str]]:
    """Yield the URL and the text of the pages that open: lists, empty forms, and the last rows of each model."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = model._base_manager.order_by("-pk").values_list("pk", flat=True)[:MAX_ROWS_PER_MODEL]
        urls = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        urls += [reverse(f"{name}_change", args=[pk]) for pk in rows]
        yield from islice(opened(client, urls), PAGES_PER_MODEL)


def opened(client: Client, urls: Iterable[str]) -> Iterator[tuple[str, str]]:
    for url in urls:
        with templates_unrecorded():
            answer = client.get(url)
        if answer.status_code == 200:
            yield url, answer.text


def names_in(text: str) -> list[str]:
    return [name for name in HIDDEN.values() if name in text]


def hostile(form: Form) -> dict[str, Any]:
    """Return the values of a form whose fields all refer to hidden rows, those of new rows of a table included."""
    values = dict(form.values)
    for name in [name for name in values if name.endswith("-TOTAL_FORMS")]:
        prefix, number = name.removesuffix("-TOTAL_FORMS"), int(values[name][0])
        for field in [field for field in form.values if field.startswith(f"{prefix}-__prefix__-")]:
            values[field.replace("__prefix__", str(number))] = values.pop(field)
        values[name] = [str(number + 1)]
    hidden = {model: model._base_manager.latest("pk").pk for model in HIDDEN}
    for name in values:
        if model := REFERRING.get(name.rpartition("-")[2]):
            values[name] = [str(hidden[model])]
    return values


def test_neither_pages_nor_forms_name_a_hidden_row(staff: Client) -> None:
    """The ID is guessed. It comes with the form, or with the URL, from which the admin fills in the fields of a row."""
    shown: dict[str, list[str]] = {}
    guessed: dict[str, list[str]] = {}
    hidden = {name: model._base_manager.latest("pk").pk for name, model in REFERRING.items()}
    for url, text in pages(staff):
        shown[url] = names_in(text)
        forms = [(form, hostile(form)) for form in read(url, text.encode())[1]]
        for action, values in [(form.action, values) for form, values in forms if values != form.values]:
            with templates_unrecorded():
                guessed[action] = names_in(staff.post(action, values).text)
                guessed[f"{url}?"] = names_in(staff.get(url, hidden).text)
    assert (len(shown) > 20, len(guessed) > 10) == (True, True)
    assert {url: names for url, names in (shown | guessed).items() if names} == {}


def test_what_a_row_refers_to_already_stays_valid(world: dict[str, Any]) -> None:
    """A member who has left the organization of a download can still save its other fields."""
    closed = Organization.objects.get(name=HIDDEN[Organization])
    mine = Download.objects.get(title="Mine")
    Download.objects.filter(pk=mine.pk).update(organization=closed)
    client = signed_in(world["staff"])
    url = reverse("admin:downloads_download_change", args=[mine.pk])
    [form] = [form for form in read(url, client.get(url).content)[1] if "tag_line" in form.values]
    values = {name: value for name, value in form.values.items() if "__prefix__" not in name}
    assert client.post(url, values | {"tag_line": ["Changed"]}).status_code == 302
    mine.refresh_from_db()
    assert (mine.tag_line, mine.organization) == ("Changed", closed)
