"""Admin of the pictures of users, where moderators remove those that do not belong on public pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display

from files.models import Avatar
from files.pictures.avatars import remove_avatar
from files.policies import avatar_policy
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.row_actions import RowAction


@admin.register(Avatar)
class AvatarAdmin(ActionAdmin):
    policy = avatar_policy
    list_display = ("shown_picture", "user", "created_at")
    list_display_links = ("shown_picture", "user")
    list_filter = ("created_at",)
    list_select_related = ("user", "blob")
    search_fields = ("user__username",)
    fields = ("shown_picture", "user", "created_at")
    readonly_fields = fields
    row_actions = (
        RowAction(
            name="remove",
            label="Remove the picture",
            done="removed",
            run=lambda actor, row, reason: remove_avatar(actor=actor, user=row.user, reason=reason),
            wants_reason=True,
            reason_use="shown in the audit log",
            warning="Pages show the initials of the user instead. The bytes are erased. The user can upload others.",
        ),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and user_policy.can_moderate(admin_actor(request))

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = Avatar.objects.all() if user_policy.can_moderate(admin_actor(request)) else Avatar.objects.none()
        return rows.select_related("user", "blob").order_by(*(self.get_ordering(request) or ("-created_at", "-pk")))

    @display(description="picture")
    def shown_picture(self, row: Avatar) -> str:
        return format_html(
            '<img src="{}" alt="Picture of {}" width="48" height="48" class="rounded-full">', row.path, row.user
        )
