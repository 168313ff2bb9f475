"""Admin of access keys, which open private downloads to people without an account."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from downloads.models import AccessKey, Download
from downloads.policies import access_key_policy, manageable_access_keys
from releasehub.backoffice.access_key_forms import AccessKeyAdminForm, ImportForm, TableUploadHandler
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.filters import AccessKeyStateFilter
from releasehub.backoffice.issued_keys import IssuedKeyAdmin, revoking
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.permissions import manages_a_team
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key


@admin.register(AccessKey)
class AccessKeyAdmin(IssuedKeyAdmin):
    form = AccessKeyAdminForm
    policy = access_key_policy
    download_path = ("download_id",)
    list_display = ("name", "prefix", "download", "shown_state", "uses_left", "highest_number", "expires_at")
    list_filter = (AccessKeyStateFilter,)
    list_select_related = ("download",)
    search_fields = ("name", "prefix", "download__title")
    autocomplete_fields = ("download",)
    row_actions = (revoking(revoke_access_key),)
    issued_title = "New access key"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="downloads_accesskey_import"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        can_import = self.has_add_permission(request)
        context = {"import_url": reverse("admin:downloads_accesskey_import") if can_import else ""}
        return super().changelist_view(request, context | (extra_context or {}))

    @method_decorator(csrf_exempt)
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Check the right to import, accept the file into memory, and only then let the CSRF check read the body.

        The middleware would read the body first, and refuse any file in it. The limit on ordinary bodies applies.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            request.upload_handlers = [TableUploadHandler(request)]
        return self._import(request)

    @method_decorator(csrf_protect)
    def _import(self, request: HttpRequest) -> HttpResponse:
        """Check a CSV file of existing keys, and import it if the user has asked for that."""
        actor = admin_actor(request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ImportForm(*sent, downloads=Download.objects.team_managed_by(actor))
        report = None
        if form.is_valid():
            try:
                report = form.run(actor)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
        title = "Import access keys"
        return admin_page(request, "releasehub/import_keys", title, model=self.model, form=form, report=report)

    def get_queryset(self, request: HttpRequest) -> Any:
        return manageable_access_keys(admin_actor(request)).order_by("-id")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and (obj is not None or self.has_add_permission(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and manages_a_team(admin_actor(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*AccessKeyAdminForm.Meta.fields, *(("prefix", "created_at", "revoked_at") if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def issue(self, actor: Actor, values: dict[str, Any]) -> tuple[AccessKey, str]:
        fields = dict(values)
        return issue_access_key(actor=actor, uses=fields.pop("uses_left"), **fields)

    def state_of(self, row: AccessKey) -> str:
        return str(row.state.label).lower()

    def extra_context(self, request: HttpRequest, secret: str) -> dict[str, Any]:
        return {"share_link": request.build_absolute_uri(reverse("pages:share", args=[secret]))}
