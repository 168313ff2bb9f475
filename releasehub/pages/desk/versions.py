"""Pages of a version on the author's desk: a new version, its files and state, and its texts."""

from typing import Any

from django.contrib import messages
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from downloads.policies import download_policy
from files.models import File, UploadSession
from files.policies import file_policy
from files.services import check_takes_files
from files.storage import blob_storage
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError
from releasehub.core.requests import actor_of
from releasehub.distribution.preview_links import can_be_previewed
from releasehub.importing.models import ImportedRelease
from releasehub.importing.policies import import_policy
from releasehub.importing.report import origin_of
from releasehub.moderation.decisions import last_rejection
from releasehub.moderation.models import Kind
from releasehub.pages.desk.lookup import find_download, find_version
from releasehub.pages.desk.version_forms import EditVersionForm, NewVersionForm, VersionForm
from releasehub.pages.desk.version_moves import offered_actions
from releasehub.pages.form_pages import account_form, account_page, form_page
from releasehub.pages.parameters import page_of_rows, parameter_of
from releasehub.pages.releases import FILES_PER_PAGE
from releasehub.publishing.releases import create_version, edit_version
from versions.models import Version
from versions.policies import version_policy


@account_form
def new(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Create a draft, and go on to the page that uploads its files."""
    actor = actor_of(request)
    download = find_download(actor, public_id)
    download_policy.ensure("post_version", actor, download)
    may_mark = download_policy.allows("manage_versions", actor, download)
    form = NewVersionForm(request.POST or None, download=download, may_mark_security=may_mark)
    if form.is_valid():
        with form.refusals():
            version = create_version(actor=actor, download_id=download.pk, state=Version.State.DRAFT, **form.values())
            return redirect("pages:desk-version", version.public_id)
    return _form_page(request, form, download=download)


@account_page
def detail(request: HttpRequest, public_id: str) -> HttpResponse:
    actor = actor_of(request)
    version = find_version(actor, public_id)
    refusal = _refusal_of_files(actor, version)
    may_upload = version_policy.allows("upload", actor, version) and not refusal
    context = {
        "version": version,
        "download": version.download,
        "origin": _origin(actor, version),
        "page": page_of_rows(request, _files(request, version), per_page=FILES_PER_PAGE),
        "may_manage_files": version_policy.allows("manage_files", actor, version),
        "may_edit": version_policy.allows("edit", actor, version),
        "may_share": can_be_previewed(version) and download_policy.can_manage_access_keys(actor, version.download),
        "may_upload": may_upload,
        "refusal": refusal,
        "unfinished": _unfinished(actor, version) if may_upload else [],
        "actions": offered_actions(actor, version),
        "deleted_files": _deleted_files(actor, version),
        "rejection": last_rejection(Kind.VERSION, version) if version.state == Version.State.DRAFT else None,
    }
    response = render(request, "pages/desk/version.html", context)
    if origin := blob_storage().upload_origin:
        response._csp_update = {"connect-src": ["'self'", origin]}  # type: ignore[attr-defined]
    return response


@account_form
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    version = find_version(actor, public_id)
    version_policy.ensure("edit", actor, version)
    may_mark = version_policy.allows("mark_security", actor, version)
    form = EditVersionForm(request.POST or None, version=version, may_mark_security=may_mark)
    if form.is_valid():
        with form.refusals():
            edit_version(actor=actor, version=version, **version.with_notes_field(form.values()))
            messages.success(request, _("The version was saved."))
            return redirect("pages:desk-version", public_id)
    return _form_page(request, form, version=version, download=version.download)


def _refusal_of_files(actor: Actor, version: Version) -> str:
    """Return why somebody who uploads files cannot add any to this version, or an empty text."""
    if version_policy.allows("upload", actor, version):
        try:
            check_takes_files(actor, version)
        except DomainError as error:
            return error.message
    return ""


def _files(request: HttpRequest, version: Version) -> QuerySet[File]:
    """Return the files, first those that failed or await their checks, so that none is overlooked on a later page.

    With the parameter `file`, return only the file of this name: the uploading script looks up whether it is stored.
    """
    rows: QuerySet[File] = File.objects.filter(version=version).select_related("blob", "quarantine")
    if name := parameter_of(request, "file"):
        rows = rows.filter(filename=name)
    statuses = (File.Validation.FAILED, File.Validation.PENDING)
    urgency = Case(*(When(validation_status=name, then=Value(place)) for place, name in enumerate(statuses)), default=2)
    return rows.order_by(urgency, "-display_order", "filename")


def _origin(actor: Actor, version: Version) -> ImportedRelease | None:
    """Return the release that the version was imported from, for those who may see the import."""
    origin = origin_of(version)
    return origin if origin is not None and import_policy.can_view(actor, origin.source) else None


def _unfinished(actor: Actor, version: Version) -> list[UploadSession]:
    """Return the open uploads that the actor began for the version, which the page offers to resume."""
    rows = UploadSession.objects.filter(version=version, user=actor.user, state=UploadSession.State.CREATED)
    return list(rows.order_by("-id")[:20])


def _deleted_files(actor: Actor, version: Version) -> list[File]:
    rows = File.all_objects.deleted().filter(version=version).select_related("version__download").order_by("-id")[:20]
    for row in rows:
        row.version = version
    return [row for row in rows if file_policy.can_restore(actor, row)]


def _form_page(request: HttpRequest, form: VersionForm, **context: Any) -> HttpResponse:
    may_add_pictures = download_policy.allows("edit", actor_of(request), context["download"])
    context["may_add_pictures"] = may_add_pictures
    return form_page(request, "pages/desk/version_form.html", form, **context)
