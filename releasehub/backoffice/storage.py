"""The page *Storage* of the admin: stored, missing, damaged and orphaned bytes, their users, and repairs."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from downloads.models import Category, Download
from files.garbage import GRACE
from files.healing import recheck_blob, relink_blob
from files.models import Blob, File
from files.policies import blob_policy
from files.storage_scan import last_scan
from files.usage_report import (
    MeasuredUsage,
    Usage,
    last_usage,
    storage_totals,
    usage_by_category,
    usage_by_download,
    usage_by_owner,
)
from releasehub.accounts.models import User
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError
from releasehub.core.tasks import hint

MAX_PROBLEMS = 50
MAX_ROWS_AT_ONCE = 20  # the limit of an action, which reads all bytes of the rows within the request
TASKS = {"scan": "files.rescan_storage", "sample": "files.verify_sample", "collect": "files.collect_garbage"}
TYPED = "delete orphans"


@admin.register(Blob)
class BlobAdmin(ReadOnlyAdmin):
    list_display = ("sha256", "size_bytes", "mime_type", "state", "problem", "checked_at", "created_at")
    list_filter = ("state", "mime_type")
    search_fields = ("sha256", "sha512", "md5", "storage_key")
    change_list_template = "admin/releasehub/blobs.html"
    actions = ("check_again", "relink")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_actions(request) if blob_policy.may_heal(admin_actor(request)) else {}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.storage_view)
        return [path("storage/", view, name="files_storage"), *super().get_urls()]

    @admin.action(description="Compare the stored bytes with the digest")
    def check_again(self, request: HttpRequest, rows: Any) -> None:
        self._each(request, rows, self._check)

    @admin.action(description="Find the same bytes under another key")
    def relink(self, request: HttpRequest, rows: Any) -> None:
        self._each(request, rows, self._relink)

    def storage_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise Http404
        may_heal, usage = blob_policy.may_heal(admin_actor(request)), last_usage()
        if request.method == "POST" and may_heal and self._started(request):
            return HttpResponseRedirect(reverse("admin:files_storage"))
        return admin_page(
            request,
            "releasehub/storage",
            "Storage",
            model=self.model,
            totals=storage_totals(usage),
            measured_at=usage.measured_at,
            problems=_problems(),
            scan=last_scan(),
            grace_hours=int(GRACE.total_seconds() // 3600),
            may_heal=may_heal,
            typed=TYPED,
            is_wrong=request.method == "POST",
            usages=_usages(request, usage),
        )

    def _started(self, request: HttpRequest) -> bool:
        """Ask a worker for what was chosen. Deleting orphans needs the typed words."""
        name = request.POST.get("start", "")
        is_confirmed = name != "collect" or request.POST.get("confirmation", "").strip() == TYPED
        if name not in TASKS or not is_confirmed:
            return False
        hint(TASKS[name])
        self.message_user(request, "A worker does this now. Reload this page in a moment.", messages.SUCCESS)
        return True

    def _each(self, request: HttpRequest, rows: Any, act: Any) -> None:
        for blob in rows[:MAX_ROWS_AT_ONCE]:
            try:
                text, level = act(admin_actor(request), blob)
            except DomainError as error:
                text, level = error.message, messages.ERROR
            self.message_user(request, f"{blob}: {text}", level)

    def _check(self, actor: Actor, blob: Blob) -> tuple[str, int]:
        problem = recheck_blob(actor=actor, blob=blob)
        return (problem, messages.ERROR) if problem else ("the stored bytes match the digest", messages.SUCCESS)

    def _relink(self, actor: Actor, blob: Blob) -> tuple[str, int]:
        found = relink_blob(actor=actor, blob=blob)
        return f"the same bytes were found under {found.storage_key}", messages.SUCCESS


def _problems() -> list[tuple[Blob, list[File]]]:
    """Return the blobs whose bytes are missing or damaged, with the files that visitors cannot download."""
    blobs = list(Blob.objects.filter(state=Blob.State.MISSING).order_by("id")[:MAX_PROBLEMS])
    files: dict[int | None, list[File]] = {}
    for file in File.all_objects.filter(blob__in=blobs).select_related("version__download").order_by("id"):
        files.setdefault(file.blob_id, []).append(file)
    return [(blob, files.get(blob.pk, [])) for blob in blobs]


@dataclass(frozen=True)
class UsageTable:
    """A table of the page. `page` is the name of the URL of a row, empty if the user may not open such pages."""

    name: str
    page: str
    rows: list[Usage]
    has_quota: bool = True


def _usages(request: HttpRequest, usage: MeasuredUsage) -> list[UsageTable]:
    return [
        UsageTable("Downloads", _page(request, Download), usage_by_download(usage)),
        UsageTable("Owners", _page(request, User), usage_by_owner(usage)),
        UsageTable("Categories", _page(request, Category), usage_by_category(usage), has_quota=False),
    ]


def _page(request: HttpRequest, model: Any) -> str:
    may_open = admin.site.get_model_admin(model).has_view_or_change_permission(request)
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_change" if may_open else ""
