"""Pages of an author's downloads: the list, a new download, its overview, its settings, and its deletion."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from downloads.holds import is_held
from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import create_download, restore_download, update_download
from files.models import Picture
from files.pictures.formats import MAX_UPLOAD_BYTES
from files.pictures.services import receive_picture
from files.storage.streaming import StagedUpload
from files.uploads.form_uploads import receive_files
from files.uploads.handlers import takes_files
from releasehub.core.actor import Actor
from releasehub.core.domain_messages import translated
from releasehub.core.errors import Conflict, Denied, DomainError, Invalid, NotFound, Rejected
from releasehub.core.requests import actor_of
from releasehub.distribution.annotations import current_version_numbers
from releasehub.moderation.decisions import last_rejection
from releasehub.moderation.models import Kind
from releasehub.pages.contexts import base_url
from releasehub.pages.desk.checklist import first_steps
from releasehub.pages.desk.download_forms import DownloadForm, NewDownloadForm
from releasehub.pages.desk.lookup import find_download
from releasehub.pages.desk.repository_links import repository_links
from releasehub.pages.desk.version_moves import BULK_MOVES
from releasehub.pages.errors import show_refusal
from releasehub.pages.form_pages import account_action, account_form, account_page, form_page
from releasehub.pages.manage_links import people_links
from releasehub.pages.parameters import page_of_rows
from releasehub.publishing.deletion import delete_download
from releasehub.publishing.retention.outlook import outlook_of
from versions.models import Version

MAX_DELETED = 20
REFUSALS = (Conflict, Denied, Invalid, Rejected)


def _delete(actor: Actor, download: Download, reason: str) -> str:
    delete_download(actor=actor, download=download, reason=reason)
    return _("The download was deleted. You can restore it until it is deleted permanently.")


def _restore(actor: Actor, download: Download, reason: str) -> str:
    restore_download(actor=actor, download=download)
    return _("The download was restored.")


def _show(actor: Actor, download: Download, reason: str) -> str:
    changed = update_download(actor=actor, download=download, state=Download.State.VISIBLE)
    if changed.state == Download.State.MODERATED:
        return _("A moderator has to approve the download. It appears on the site after that.")
    return _("The download is on the site now.")


def _hide(actor: Actor, download: Download, reason: str) -> str:
    update_download(actor=actor, download=download, state=Download.State.DRAFT)
    return _("The download is a draft now. Only its team sees it.")


ACTIONS: dict[str, Callable[[Actor, Download, str], str]] = {
    "delete": _delete,
    "restore": _restore,
    "show": _show,
    "hide": _hide,
}


@account_page
def index(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = Download.objects.worked_on_by(actor).select_related("category")
    page = page_of_rows(request, rows.order_by("-last_update_at", "-id"))
    deleted = Download.all_objects.deleted().filter(owner=actor.user).order_by("-deleted_at")[:MAX_DELETED]
    shown = [row.pk for row in page.object_list]
    context = {
        "page": page,
        "current_numbers": current_version_numbers(shown),
        "postable": set(Download.objects.postable_by(actor).filter(pk__in=shown).values_list("pk", flat=True)),
        "deleted": deleted,
    }
    return render(request, "pages/desk/index.html", context)


@takes_files
@csrf_exempt
@account_form
def new(request: HttpRequest) -> HttpResponseBase:
    """Create a draft, which only its team sees until its first version is published.

    See `files.upload` for the order of the checks.
    """
    with receive_files(request, lambda name: _authorize_icon(actor_of(request))):
        return _create(request)


def _authorize_icon(actor: Actor) -> int:
    """Return the maximum size of an icon in bytes, before its first byte arrives."""
    if not NewDownloadForm(actor=actor).has_categories:
        raise Denied("You cannot create downloads in any category.")
    return MAX_UPLOAD_BYTES


@csrf_protect
def _create(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form = NewDownloadForm(*((request.POST, request.FILES) if request.method == "POST" else ()), actor=actor)
    if form.is_valid():
        values = dict(form.cleaned_data)
        icon = values.pop("file")
        with form.refusals(Denied):
            download = create_download(actor=actor, state=Download.State.DRAFT, **values)
            if icon is not None:
                _add_icon(request, download, icon.staged)
            return redirect("pages:desk-download", download.public_id)
    return form_page(request, "pages/desk/download_form.html", form)


def _add_icon(request: HttpRequest, download: Download, upload: StagedUpload) -> None:
    """Add the icon. The download stays if the hub refuses the picture."""
    try:
        receive_picture(actor=actor_of(request), download=download, kind=Picture.Kind.ICON, upload=upload)
    except DomainError as error:
        text = _("The download was created without an icon. %(reason)s")
        messages.warning(request, text % {"reason": translated(error.message)})


@account_page
def detail(request: HttpRequest, public_id: str) -> HttpResponse:
    actor = actor_of(request)
    download = find_download(actor, public_id)
    rows, total = Version.objects.filter(download=download), download.version_count
    if download_policy.can_manage_versions(actor, download):
        deleted = Version.all_objects.deleted().filter(download=download)
        rows, total = Version.all_objects.filter(download=download), total + deleted.count()
    page = page_of_rows(request, rows.order_by("-created_at", "-id"), total=total)
    newest = Version.objects.filter(download=download).order_by("-created_at", "-id").first()
    context = {
        "download": download,
        "page": page,
        "steps": first_steps(download, newest),
        "links": people_links(actor, download),
        "moves": BULK_MOVES,
        "may_edit": download_policy.allows("edit", actor, download),
        "may_view_activity": download_policy.allows("view_activity", actor, download),
        "may_post": download_policy.allows("post_version", actor, download),
        "may_delete": download_policy.allows("delete", actor, download),
        "rejection": last_rejection(Kind.DOWNLOAD, download) if download.state == Download.State.DRAFT else None,
        "is_held": is_held(download.pk),
        "retention": outlook_of(download),
        "repository": repository_links(base_url(request), download),
        "may_restore": download.is_deleted and download_policy.allows("restore", actor, download),
    }
    return render(request, "pages/desk/download.html", context)


@account_form
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    download = find_download(actor, public_id)
    download_policy.ensure("edit", actor, download)
    form = DownloadForm(request.POST or None, actor=actor, download=download)
    if form.is_valid():
        with form.refusals(Denied):
            update_download(actor=actor, download=download, **form.cleaned_data)
            messages.success(request, _("The download was saved."))
            return redirect("pages:desk-download", public_id)
    return form_page(request, "pages/desk/download_form.html", form, download=download)


@account_action
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    actor = actor_of(request)
    download = find_download(actor, public_id)
    if name not in ACTIONS:
        raise NotFound
    try:
        messages.success(request, ACTIONS[name](actor, download, request.POST.get("reason", "")))
    except REFUSALS as error:
        show_refusal(request, error)
    if name == "delete":
        return redirect("pages:desk")
    return redirect("pages:desk-download", public_id)
