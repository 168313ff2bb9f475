"""Admin of the backups: when they were made, how large they are, and whether they were verified."""

from django.contrib import admin

from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.operations.models import BackupRun


@admin.register(BackupRun)
class BackupRunAdmin(ReadOnlyAdmin):
    permission = "operations.view_backuprun"
    list_display = ("finished_at", "is_complete", "file_count", "size_bytes", "stored_bytes", "verified_at", "target")
    list_filter = ("is_complete",)
    search_fields = ("backup_id", "target")
