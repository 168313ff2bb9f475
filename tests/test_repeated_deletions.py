"""Requests that delete one row at the same time: one deletes it, and the others are told that it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from downloads.services import create_category, delete_category
from downloads.services.prefixes import create_prefix, delete_prefix
from files.pictures.services import remove_picture
from releasehub.accounts.services.organizations import delete_organization
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.services import delete_key
from releasehub.audit.models import AuditEntry
from releasehub.core.errors import NotFound
from tests.factories import make_download, make_key, make_organization, make_picture, system
from versions.models import NamedChannel
from versions.services.labels import create_label, delete_label

pytestmark = pytest.mark.django_db
DELETIONS: dict[str, tuple[Callable[[], Model], Callable[..., None]]] = {
    "category": (lambda: create_category(actor=system(), title="Tools"), delete_category),
    "prefix": (lambda: create_prefix(actor=system(), title="Beta"), delete_prefix),
    "label": (lambda: create_label(actor=system(), model=NamedChannel, name="nightly"), delete_label),
    "picture": (lambda: make_picture(make_download()), remove_picture),
    "organization": (make_organization, delete_organization),
    "key": (lambda: ApiKey.objects.get(prefix=make_key()[:8]), delete_key),
}


@pytest.mark.parametrize("kind", DELETIONS)
def test_row_that_another_request_has_deleted_does_not_exist(kind: str) -> None:
    make, delete = DELETIONS[kind]
    row = make()
    both_have_read: list[Any] = [type(row)._base_manager.get(pk=row.pk) for _ in range(2)]
    delete(actor=system(), **{kind: both_have_read[0]})
    count = AuditEntry.objects.count()
    with pytest.raises(NotFound):
        delete(actor=system(), **{kind: both_have_read[1]})
    assert AuditEntry.objects.count() == count
