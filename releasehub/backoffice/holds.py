"""Legal holds in the admin: the facts on the page of a download, and the list of all holds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.decorators import display

from downloads.models import Download, LegalHold
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.read_only import ReadOnlyAdmin


class HoldMixin(ActionAdmin):
    """Shows who placed the legal hold of a download, when and why. The buttons above the page place and lift it."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not obj.is_held:
            return fieldsets
        return (("Legal hold", {"fields": ("hold_facts",)}), *fieldsets)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "hold_facts")

    @display(description="nothing can be deleted permanently")
    def hold_facts(self, row: Download) -> str:
        hold = row.legal_hold
        time = date_format(localtime(hold.placed_at), "DATETIME_FORMAT")
        return f"Placed by {hold.placed_by or 'the system'} on {time}: {hold.reason}"


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """All holds that are in force. They are placed and lifted on the page of the download."""

    list_display = ("download", "reason", "placed_by", "placed_at")
    list_select_related = ("download", "placed_by")
    search_fields = ("download__title", "download__slug", "reason", "placed_by__username")
