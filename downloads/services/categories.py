"""Create, change and delete categories, and pass their settings on to the categories below them."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from downloads.models import Category, Download, Prefix
from downloads.policies import category_policy
from downloads.rules import settings_along, site_rules
from downloads.services.slugs import free_slug, slug_of
from downloads.warning_kinds import clean_warning_kinds
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid
from releasehub.core.locks import lock_name, lock_row

TREE_LOCK = 0x51_08


@transaction.atomic
def create_category(*, actor: Actor, title: str, parent: Category | None = None, **fields: Any) -> Category:
    """Create a category. `fields` may hold any other field of the model.

    Raises:
        Invalid: A field has an invalid value.
    """
    if not category_policy.can_create(actor):
        raise Denied
    _lock_tree()
    category = Category()
    _clean_rules(fields)
    slug = fields.pop("slug", "") or free_slug(slug_of(title, fallback="category"), _slug_is_taken)
    assign(category, {"title": title, "parent": parent, "slug": slug, **fields})
    _resolve_settings(category, [*(parent.trail() if parent else ()), category])
    category.save()
    audit.record(actor=actor, action=AuditAction.CATEGORY_CREATE, target=category)
    return category


@transaction.atomic
def update_category(*, actor: Actor, category: Category, **fields: Any) -> Category:
    """Change only the given fields of a category.

    Raises:
        Invalid: A field has an invalid value, or another category has the slug.
        Conflict: The category would become its own ancestor.
        NotFound: Another request has deleted the category.
    """
    category_policy.ensure("edit", actor, category)
    category = lock_category(category)
    parent = fields.get("parent")
    if parent is not None and category.pk in {node.pk for node in parent.trail()}:
        raise Conflict(
            ErrorCode.CATEGORY_CYCLE,
            f"The category {category.title} cannot be moved into itself or into one of its subcategories. "
            "Choose another parent.",
            field="parent",
        )
    if fields.get("slug") and Category.objects.filter(slug=fields["slug"]).exclude(pk=category.pk).exists():
        raise Invalid(f"Another category already has the slug {fields['slug']}. Choose another slug.", field="slug")
    _clean_rules(fields)
    changes = audit.changed_fields(category, fields)
    if not changes:
        return category
    assign(category, fields)
    category.save()
    _spread_settings(category)
    audit.record(actor=actor, action=AuditAction.CATEGORY_UPDATE, target=category, changes=changes)
    return category


@transaction.atomic
def delete_category(*, actor: Actor, category: Category, reason: str = "") -> None:
    """Erase an empty category. Categories have no soft delete.

    Raises:
        Conflict: The category still contains categories or downloads, where soft-deleted downloads count, or a prefix
            is limited to it.
    """
    category_policy.ensure("delete", actor, category)
    category = lock_row(category)
    if category.children.exists() or Download.all_objects.filter(category=category).exists():
        raise Conflict(
            ErrorCode.CATEGORY_NOT_EMPTY,
            f"The category {category.title} still contains categories or downloads. Move them or delete "
            "them permanently first; soft-deleted downloads count as well.",
        )
    others = Category.objects.exclude(pk=category.pk)
    if prefix := Prefix.objects.filter(categories=category).exclude(categories__in=others).first():
        # Without its only category, the prefix would fit every category.
        raise Conflict(
            ErrorCode.CATEGORY_NOT_EMPTY,
            f"The prefix {prefix} is limited to the category {category.title}. Delete the prefix or choose another "
            "category for it first.",
        )
    audit.record(actor=actor, action=AuditAction.CATEGORY_DELETE_HARD, target=category, reason=reason)
    category.delete()


def lock_category(category: Category) -> Category:
    """Return the category as it is now, locked like the whole tree until the transaction ends.

    Raises:
        NotFound: Another request has deleted the category.
    """
    _lock_tree()
    return lock_row(category)


def _lock_tree() -> None:
    """Let changes of categories take turns: two moves at once could form a cycle, and settings are inherited."""
    lock_name(TREE_LOCK, "categories")


def _slug_is_taken(slug: str) -> bool:
    return Category.objects.filter(slug=slug).exists()


def _clean_rules(fields: dict[str, Any]) -> None:
    if fields.get("rejected_warnings") is not None:
        fields["rejected_warnings"] = clean_warning_kinds(fields["rejected_warnings"])


def _spread_settings(category: Category) -> None:
    """Store the resolved settings of the category and of all categories below it."""
    for node in category.subtree():
        _resolve_settings(node, node.trail())
        node.save(update_fields=["inherited", "is_members_only"])
    category.refresh_from_db()


def _resolve_settings(category: Category, trail: Sequence[Category]) -> None:
    """Set the settings that apply in the category, after those of the categories on the trail to it.

    Settings are read far more often than they change, so they are resolved once instead of on every read.
    """
    category.inherited = settings_along(trail)
    category.is_members_only = category.inherited.get("members_only", site_rules().members_only)
