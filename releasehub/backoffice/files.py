"""Admin of files, and read-only lists of blobs, upload sessions and download statistics."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.decorators import display

from files.accepting import accept_file
from files.models import DownloadDay, File, PublicFileName, UploadSession
from files.policies import file_policy
from files.quarantine import quarantine_file, unquarantine_file
from files.services import restore_file, update_file
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.filters import DeletedFilter, PlatformFilter
from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.backoffice.row_actions import RowAction, deletion_actions
from releasehub.backoffice.versions import EDITABLE_FILE_FIELDS
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_file
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_NAMES

JUDGMENT_FIELDS = ("validation_status", "shown_findings", "shown_quarantine")
ACCEPTANCE_FIELDS = ("accepted_at", "accepted_by", "accepted_reason")
STATE_COLORS = {
    "passed": "success",
    "pending": "warning",
    "failed": "danger",
    "deleted": "danger",
    "quarantined": "danger",
}


@admin.register(File)
class FileAdmin(ActionAdmin):
    """Admin of files, which are uploaded on the page of their version."""

    policy = file_policy
    download_path = ("version", "download_id")
    list_display = ("filename", "version", "platform", "architecture", "size_bytes", "shown_state", "download_count")
    list_filter = ("validation_status", "kind", PlatformFilter, DeletedFilter)
    ordering = ("-id",)  # the order of the model is that of the files of one version
    list_select_related = ("version__download__category", "blob", "accepted_by", "quarantine__created_by")
    search_fields = ("filename", "display_label", "version__number", "version__download__title", "blob__sha256")
    suggestions: ClassVar[Any] = {"platform": PLATFORM_NAMES, "architecture": ARCHITECTURE_SPELLINGS}
    readonly_fields = (
        *("version", "filename", "size_bytes", "external_url", "sha256"),
        *JUDGMENT_FIELDS,
        *ACCEPTANCE_FIELDS,
    )
    fieldsets = (
        (None, {"fields": ("version", "filename", *EDITABLE_FILE_FIELDS)}),
        ("Content", {"fields": ("size_bytes", "sha256", "external_url", *JUDGMENT_FIELDS)}),
        ("Let through by a moderator", {"fields": ACCEPTANCE_FIELDS}),
    )
    row_actions = (
        RowAction(
            name="accept",
            label="Let through",
            done="let through",
            run=lambda actor, row, reason: accept_file(actor=actor, file=row, reason=reason),
            applies=lambda row: row.validation_status == "failed" and not row.is_deleted,
            needs_reason=True,
            reason_use="shown in the audit log and to the team",
        ),
        RowAction(
            name="quarantine",
            label="Quarantine",
            done="put into quarantine",
            run=lambda actor, row, reason: quarantine_file(actor=actor, file=row, reason=reason),
            applies=lambda row: row.quarantine_id is None,
            needs_reason=True,
            reason_use="shown to visitors and API clients, in the audit log, and in an e-mail to the owner",
            warning="The bytes can no longer be downloaded, in any version of any download that contains them.",
        ),
        RowAction(
            name="unquarantine",
            label="End quarantine",
            done="offered again",
            run=lambda actor, row, reason: unquarantine_file(actor=actor, file=row, reason=reason),
            applies=lambda row: row.quarantine_id is not None,
            question="quarantine",
            wants_reason=True,
            reason_use="shown in the audit log",
            warning="Every file with these bytes is offered again.",
        ),
        *deletion_actions(delete_file, restore_file, "file"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show who let the file through only if a moderator did."""
        return super().get_fieldsets(request, obj) if obj and obj.accepted_at else self.fieldsets[:-1]

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        update_file(actor=actor, file=obj, **values)

    def shown_name(self, row: Any) -> str:
        return f"{row.filename} ({row.version})"

    @display(description="state", label=STATE_COLORS)
    def shown_state(self, row: File) -> str:
        if row.is_deleted:
            return "deleted"
        return "quarantined" if row.quarantine_id else row.validation_status

    @display(description="quarantine")
    def shown_quarantine(self, row: File) -> str:
        block = row.quarantine
        return f"{block.reason} ({block.created_by}, {block.created_at:%Y-%m-%d %H:%M} UTC)" if block else "none"

    @display(description="findings")
    def shown_findings(self, row: File) -> str:
        lines = ((finding["message"], finding["code"]) for finding in row.findings)
        return format_html_join("", "<p>{} <code>{}</code></p>", lines) or "none"

    @display(description="SHA-256")
    def sha256(self, row: File) -> str:
        return row.blob.sha256 if row.blob else "none, because the file is a link"


@admin.register(UploadSession)
class UploadSessionAdmin(ReadOnlyAdmin):
    list_display = ("filename", "version", "user", "size_bytes", "state", "error_message", "last_active_at")
    list_filter = ("state",)
    list_select_related = ("version__download", "user")
    search_fields = ("filename", "public_id", "sha256", "version__number", "version__download__title")
    exclude = ("acting", "fields")


@admin.register(DownloadDay)
class DownloadDayAdmin(ReadOnlyAdmin):
    list_display = ("day", "file", "downloads", "bot_downloads")
    list_select_related = ("file",)
    list_filter = ("day",)
    search_fields = ("file__filename", "file__version__download__title")


@admin.register(PublicFileName)
class PublicFileNameAdmin(ReadOnlyAdmin):
    list_display = ("filename", "version", "sha256", "external_url", "reason", "first_public_at")
    list_select_related = ("version__download",)
    search_fields = ("filename",)
