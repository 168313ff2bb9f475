"""The page of everything that is soft-deleted: what the next purge erases, and links that restore rows."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from downloads.models import Download
from downloads.policies import HARD_DELETE, download_policy
from files.models import File
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.pages import admin_page, model_url
from releasehub.backoffice.policy_admin import PolicyModelAdmin
from releasehub.community.models import Comment, Review
from releasehub.core.tasks import hint
from releasehub.publishing.erasure_preview import preview_purge
from versions.models import Version

SHOWN_ROWS = 20
MODELS: tuple[Any, ...] = (Download, Version, File, Comment, Review)
PURGE_TASK = "files.purge_deleted"
TYPED = "purge"


@dataclass(frozen=True)
class DeletedRows:
    """Deleted rows of one kind: the newest of them with the URL that restores each, and the URL of the whole list."""

    name: str
    rows: list[tuple[Any, str]]
    count: int
    list_url: str


class DeletedItemsMixin(PolicyModelAdmin):
    """Adds the page `deleted/`, which moderators see. Purging at once needs the right to delete permanently."""

    change_list_template = "admin/releasehub/rules.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.deleted_view)
        return [path("deleted/", view, name="publishing_deleted"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_see = download_policy.is_moderator(admin_actor(request))
        return super().changelist_view(request, {**(extra_context or {}), "may_see_deleted": may_see})

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        actor = admin_actor(request)
        if not download_policy.is_moderator(actor):
            raise Http404
        may_purge, typed = actor.has_permission(HARD_DELETE), request.POST.get("confirmation", "").strip()
        if request.method == "POST" and may_purge and typed == TYPED:
            hint(PURGE_TASK)
            self.message_user(request, "A worker purges the rows now. Reload this page in a moment.", messages.SUCCESS)
            return HttpResponseRedirect(request.path)
        return admin_page(
            request,
            "releasehub/deleted",
            "Deleted items",
            model=self.model,
            preview=preview_purge(),
            days=settings.RETENTION_DAYS,
            kinds=[found for model in MODELS if (found := _deleted_rows(request, model)).count],
            may_purge=may_purge,
            typed=TYPED,
            is_wrong=request.method == "POST",
        )


def _deleted_rows(request: HttpRequest, model: Any) -> DeletedRows:
    """Return the rows that the admin of the model shows to this user."""
    meta = model._meta
    rows: QuerySet[Any] = model.all_objects.visible_to(admin_actor(request)).deleted().order_by("-deleted_at")
    related = site.get_model_admin(model).list_select_related
    extra = related if isinstance(related, tuple | list) else ()
    shown = rows.select_related("deleted_by", *extra)
    linked = [(row, model_url(model, "act", row.pk, "restore")) for row in shown[:SHOWN_ROWS]]
    return DeletedRows(
        str(meta.verbose_name_plural), linked, rows.count(), f"{model_url(model, 'changelist')}?deleted=yes"
    )
