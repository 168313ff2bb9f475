"""Requests that have read one row before another request changed it: the later one changes its own fields only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from downloads.services import create_category, update_category
from downloads.services.prefixes import create_prefix, update_prefix
from files.pictures.ordering import move_screenshot
from files.pictures.services import remove_picture, update_picture
from releasehub.accounts.services.organizations import update_organization
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.services import update_key
from releasehub.audit.models import AuditEntry
from releasehub.core.errors import NotFound
from tests.factories import make_download, make_key, make_organization, make_picture, system
from versions.models import NamedChannel
from versions.services.labels import create_label, update_label

pytestmark = pytest.mark.django_db
CHANGES: dict[str, tuple[Callable[[], Model], Callable[..., Any], dict[str, Any], dict[str, Any]]] = {
    "category": (
        lambda: create_category(actor=system(), title="Tools"),
        update_category,
        {"requires_approval": True},
        {"title": "Tools and more"},
    ),
    "prefix": (lambda: create_prefix(actor=system(), title="Beta"), update_prefix, {"title": "B"}, {"color": "red"}),
    "picture": (
        lambda: make_picture(make_download()),
        update_picture,
        {"alt_text": "The start page"},
        {"caption": "Start"},
    ),
    "label": (
        lambda: create_label(actor=system(), model=NamedChannel, name="nightly"),
        update_label,
        {"display_name": "Each night"},
        {"description": "Built each night"},
    ),
    "organization": (make_organization, update_organization, {"name": "Northwind"}, {"slug": "northwind"}),
    "key": (
        lambda: ApiKey.objects.get(prefix=make_key()[:8]),
        update_key,
        {"scopes": ["release:read"]},
        {"name": "ci"},
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_newer_values_of_other_fields_stay_and_the_same_change_is_recorded_once(kind: str) -> None:
    make, update, first, second = CHANGES[kind]
    row = make()
    both_have_read: list[Any] = [type(row)._base_manager.get(pk=row.pk) for _ in range(2)]
    update(actor=system(), **{kind: both_have_read[0]}, **first)
    update(actor=system(), **{kind: both_have_read[1]}, **second)
    stored = type(row)._base_manager.get(pk=row.pk)
    assert {name: getattr(stored, name) for name in first | second} == first | second
    count = AuditEntry.objects.count()
    update(actor=system(), **{kind: row}, **first, **second)
    assert AuditEntry.objects.count() == count


def test_a_picture_that_another_request_has_removed_is_neither_changed_nor_moved() -> None:
    picture = make_picture(make_download())
    remove_picture(actor=system(), picture=type(picture).objects.get(pk=picture.pk))
    for change in (lambda: update_picture(actor=system(), picture=picture, caption="Start"), lambda: move(picture)):
        with pytest.raises(NotFound):
            change()


def move(picture: Any) -> None:
    move_screenshot(actor=system(), picture=picture, by=1)
