"""Create, change and delete prefixes, and decide in which categories they fit."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from downloads.models import Category, Download, Prefix
from downloads.policies import prefix_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Denied, Invalid
from releasehub.core.locks import lock_row

CATEGORIES = "categories"


def check_prefix(prefix: Prefix, category: Category) -> None:
    if not prefix.fits(category):
        titles = sorted(row.title for row in prefix.categories.all())
        raise Invalid(
            f"The prefix {prefix.title} does not fit the category {category.title}. It fits "
            f"{', '.join(titles)}. Choose another prefix or none.",
            field="prefix",
        )


@transaction.atomic
def create_prefix(*, actor: Actor, title: str, categories: Collection[Category] = (), **fields: Any) -> Prefix:
    """Create a prefix.

    Raises:
        Invalid: A field has an invalid value, or another prefix has the title.
    """
    if not prefix_policy.can_create(actor):
        raise Denied
    prefix = Prefix()
    _check_title(prefix, title)
    assign(prefix, {"title": title, **fields})
    prefix.save()
    prefix.categories.set(categories)
    changes = {CATEGORIES: _ids(categories)}
    audit.record(actor=actor, action=AuditAction.PREFIX_CREATE, target=prefix, changes=changes)
    return prefix


@transaction.atomic
def update_prefix(*, actor: Actor, prefix: Prefix, **fields: Any) -> Prefix:
    """Change only the given fields of a prefix. Downloads that have it keep it, whatever their category is.

    Raises:
        Invalid: A field has an invalid value, or another prefix has the title.
        NotFound: Another request has deleted the prefix.
    """
    prefix_policy.ensure("edit", actor, prefix)
    prefix = lock_row(prefix)
    categories = fields.pop(CATEGORIES, None)
    changes = audit.changed_fields(prefix, fields)
    before = _ids(prefix.categories.all())
    if categories is not None and before != _ids(categories):
        changes[CATEGORIES] = [before, _ids(categories)]
    if not changes:
        return prefix
    _check_title(prefix, fields.get("title", ""))
    assign(prefix, fields)
    prefix.save()
    if CATEGORIES in changes:
        prefix.categories.set(categories or ())
    audit.record(actor=actor, action=AuditAction.PREFIX_UPDATE, target=prefix, changes=changes)
    return prefix


@transaction.atomic
def delete_prefix(*, actor: Actor, prefix: Prefix) -> None:
    """Delete a prefix. The downloads that have it are left without one; no events are sent about them."""
    prefix_policy.ensure("delete", actor, prefix)
    prefix = lock_row(prefix)
    changes = {"downloads": Download.all_objects.filter(prefix=prefix).count()}
    audit.record(actor=actor, action=AuditAction.PREFIX_DELETE, target=prefix, changes=changes)
    prefix.delete()


def _check_title(prefix: Prefix, title: str) -> None:
    if title and Prefix.objects.filter(title=title).exclude(pk=prefix.pk).exists():
        raise Invalid(f"Another prefix already has the title {title}. Choose another title.", field="title")


def _ids(categories: Collection[Category]) -> list[int]:
    return sorted(category.pk for category in categories)
