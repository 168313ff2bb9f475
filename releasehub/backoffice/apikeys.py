"""Admin of API keys."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from downloads.models import AccessKey, Download
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.policies import api_key_policy
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key, revoke_key
from releasehub.backoffice.base import HubForm, admin_actor
from releasehub.backoffice.confirming import ask_for_password
from releasehub.backoffice.fields.choices import RowSelectMultiple
from releasehub.backoffice.issued_keys import IssuedKeyAdmin, revoking
from releasehub.core.actor import Actor


class ApiKeyForm(HubForm):
    scopes = forms.MultipleChoiceField(choices=Scope.choices, required=False, widget=forms.CheckboxSelectMultiple)
    download_ids = forms.ModelMultipleChoiceField(
        queryset=Download.objects.none(),
        required=False,
        # The list of the choices only has to know the model, and keys have no relation to downloads.
        widget=RowSelectMultiple(AccessKey._meta.get_field("download"), admin.site),
        label="Limit to downloads",
        help_text="Leave empty to give access to all downloads of the user.",
    )

    class Meta:
        model = ApiKey
        fields = ("user", "name", "scopes", "download_ids", "expires_at", "is_super_user")

    def clean_download_ids(self) -> list[int]:
        return [download.pk for download in self.cleaned_data["download_ids"]]


@admin.register(ApiKey)
class ApiKeyAdmin(IssuedKeyAdmin):
    form = ApiKeyForm
    policy = api_key_policy
    list_display = ("name", "prefix", "user", "shown_state", "is_super_user", "last_used_at", "expires_at")
    list_filter = ("is_super_user", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    autocomplete_fields = ("user",)
    row_actions = (revoking(revoke_key),)
    issued_title = "New API key"

    def get_queryset(self, request: HttpRequest) -> Any:
        actor = admin_actor(request)
        rows = ApiKey.objects.order_by("-id")
        return rows if api_key_policy.can_list(actor) else rows.filter(user=actor.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        actor = admin_actor(request)
        return actor.user_id is not None and api_key_policy.can_issue(
            actor, for_user_id=actor.user_id, is_super_user=False
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "download_ids" in form.base_fields:
            form.base_fields["download_ids"].queryset = Download.objects.visible_to(admin_actor(request))
        return form

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for the password first, as the page *API keys* does, because a key outlives the session."""
        if self.has_add_permission(request):
            ask_for_password(request)
        return super().add_view(request, form_url, extra_context)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Leave out the fields that only site administrators may fill in: another user, and a superuser key."""
        return () if admin_actor(request).is_superuser else ("user", "is_super_user")

    def issue(self, actor: Actor, values: dict[str, Any]) -> tuple[ApiKey, str]:
        return issue_key(actor=actor, **{"user": actor.user} | values)

    def state_of(self, row: ApiKey) -> str:
        if row.revoked_at:
            return "revoked"
        return "expired" if row.is_expired else "active"
