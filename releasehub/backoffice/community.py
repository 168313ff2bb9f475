"""Admin of comments and reviews, where moderators approve, change, delete and restore them."""

from typing import Any

from django.contrib import admin
from django.utils.text import Truncator
from unfold.decorators import display

from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.filters import DeletedFilter
from releasehub.backoffice.row_actions import RowAction, deletion_actions
from releasehub.community.models import Comment, Contribution, Review
from releasehub.community.policies import contribution_policy
from releasehub.community.services import (
    approve_contribution,
    delete_contribution,
    edit_comment,
    edit_review,
    restore_contribution,
)
from releasehub.core.actor import Actor

STATE_COLORS = {"visible": "success", "moderated": "warning", "deleted": "danger"}
MAX_SHOWN_CHARACTERS = 80


class ContributionAdmin(ActionAdmin):
    policy = contribution_policy
    download_path = ("download_id",)
    list_select_related = ("download__category", "author")
    search_fields = ("text", "author__username", "download__title", "download__slug")
    readonly_fields: tuple[str, ...] = ("download", "author", "state", "created_at", "edit_count", "public_id")
    row_actions = (
        RowAction(
            name="approve",
            label="Approve",
            done="approved",
            run=lambda actor, row, reason: approve_contribution(actor=actor, row=row),
            applies=lambda row: row.state == "moderated" and not row.is_deleted,
        ),
        RowAction(
            name="reject",
            label="Reject",
            done="rejected",
            run=lambda actor, row, reason: delete_contribution(actor=actor, row=row, reason=reason),
            applies=lambda row: row.state == "moderated" and not row.is_deleted,
            question="delete",
            wants_reason=True,
            reason_use="shown to the author on the page of the download, and kept in the audit log",
        ),
        *deletion_actions(delete_contribution, restore_contribution, "row"),
    )

    def typed_name(self, row: Any) -> str:
        return str(row.public_id)

    @display(description="text")
    def shown_text(self, row: Contribution) -> str:
        return Truncator(row.text).chars(MAX_SHOWN_CHARACTERS)

    @display(description="state", label=STATE_COLORS, ordering="state")
    def shown_state(self, row: Contribution) -> str:
        return "deleted" if row.is_deleted else row.state


@admin.register(Comment)
class CommentAdmin(ContributionAdmin):
    list_display = ("shown_text", "download", "author", "shown_state", "created_at")
    list_filter = ("state", DeletedFilter, "created_at")
    fields = ("text", *ContributionAdmin.readonly_fields)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        if values:
            edit_comment(actor=actor, comment=obj, **values)


@admin.register(Review)
class ReviewAdmin(ContributionAdmin):
    list_display = ("rating", "shown_text", "download", "author", "shown_state", "created_at")
    list_filter = ("state", "rating", DeletedFilter, "created_at")
    readonly_fields = (*ContributionAdmin.readonly_fields, "reply", "replied_by", "replied_at")
    fields = ("rating", "text", *readonly_fields)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        edit_review(actor=actor, review=obj, **values)
