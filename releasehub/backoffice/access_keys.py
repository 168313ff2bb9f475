"""Admin of access keys, which open private downloads to people without an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from downloads.models import AccessKey, Download
from downloads.policies import access_key_policy, manageable_access_keys
from releasehub.backoffice.base import HubForm, admin_actor
from releasehub.backoffice.filters import AccessKeyStateFilter
from releasehub.backoffice.issued_keys import IssuedKeyAdmin, revoking
from releasehub.core.actor import Actor
from releasehub.core.numbers import MAX_INTEGER
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key


class AccessKeyForm(HubForm):
    uses_left = forms.IntegerField(
        label="Number of downloads",
        min_value=1,
        max_value=MAX_INTEGER,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Leave empty for an unlimited number of downloads.",
    )

    class Meta:
        model = AccessKey
        fields = ("download", "name", "expires_at", "uses_left", "highest_number")
        help_texts = {
            "name": "The person or device that gets the key.",
            "expires_at": "Leave empty for a key that does not expire.",
            "highest_number": (
                "The highest version that the key gives access to. 1.4 includes 1.4.9. Leave empty for all versions."
            ),
        }


@admin.register(AccessKey)
class AccessKeyAdmin(IssuedKeyAdmin):
    form = AccessKeyForm
    policy = access_key_policy
    download_path = ("download_id",)
    list_display = ("name", "prefix", "download", "shown_state", "uses_left", "highest_number", "expires_at")
    list_filter = (AccessKeyStateFilter,)
    list_select_related = ("download",)
    search_fields = ("name", "prefix", "download__title")
    autocomplete_fields = ("download",)
    row_actions = (revoking(revoke_access_key),)
    issued_title = "New access key"

    def get_queryset(self, request: HttpRequest) -> Any:
        return manageable_access_keys(admin_actor(request)).order_by("-id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and Download.objects.team_managed_by(admin_actor(request)).exists()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*AccessKeyForm.Meta.fields, *(("prefix", "created_at", "revoked_at") if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def issue(self, actor: Actor, values: dict[str, Any]) -> tuple[AccessKey, str]:
        fields = dict(values)
        return issue_access_key(actor=actor, uses=fields.pop("uses_left"), **fields)

    def state_of(self, row: AccessKey) -> str:
        return str(row.state.label).lower()

    def extra_context(self, request: HttpRequest, secret: str) -> dict[str, Any]:
        return {"share_link": request.build_absolute_uri(reverse("pages:share", args=[secret]))}
