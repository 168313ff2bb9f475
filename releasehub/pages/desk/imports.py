"""Pages of imports on the author's desk: the list, a new import, its plan and progress, its settings and its end."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from downloads.models import Download
from downloads.services import create_download
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied
from releasehub.core.requests import actor_of
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.policies import import_policy, visible_sources
from releasehub.importing.report import releases_of, totals_of
from releasehub.importing.services import add_source, cancel_run, change_source, delete_source, start_run
from releasehub.pages.desk.import_forms import EditImportForm, NewImportForm
from releasehub.pages.errors import show_refusal
from releasehub.pages.form_pages import (
    account_action,
    account_form,
    account_page,
    form_page,
    run_named_action,
)
from releasehub.pages.parameters import page_of_rows

RELEASES_PER_PAGE = 50


def _start(actor: Actor, source: ImportSource) -> str:
    start_run(actor=actor, source=source)
    return _("The import has started. You can leave this page.")


def _check(actor: Actor, source: ImportSource) -> str:
    start_run(actor=actor, source=source, is_dry_run=True)
    return _("The releases are being listed.")


def _cancel(actor: Actor, source: ImportSource) -> str:
    run = source.runs.filter(finished_at=None).first()
    if run is not None:
        run.source = source
        cancel_run(actor=actor, run=run)
    return _("The import stops. What it has published stays, and the next run continues it.")


ACTIONS: dict[str, Callable[[Actor, ImportSource], str]] = {"start": _start, "check": _check, "cancel": _cancel}


@account_page
def index(request: HttpRequest) -> HttpResponse:
    """List the imports into the downloads of the user, or into one of them."""
    rows = visible_sources(actor_of(request)).select_related("download").order_by("-id")
    if chosen := request.GET.get("download", ""):
        rows = rows.filter(download__public_id=chosen)
    page = page_of_rows(request, rows)
    last = {row.source_id: row for row in ImportRun.objects.newest_of(page.object_list)}
    return render(request, "pages/desk/imports.html", {"page": page, "last_runs": last, "chosen": chosen})


@account_form
def new(request: HttpRequest) -> HttpResponseBase:
    """Add an import, and list what it would make. Nothing is imported before the user has seen that."""
    actor = actor_of(request)
    initial = {"download": request.GET.get("download", "")}
    form = NewImportForm(request.POST or None, actor=actor, initial=initial)
    if form.is_valid():
        with form.refusals(Denied):
            return redirect("pages:desk-import", _add(actor, form.values()).public_id)
    return form_page(request, "pages/desk/import_form.html", form)


@transaction.atomic
def _add(actor: Actor, values: dict[str, Any]) -> ImportSource:
    """Add the import with its first dry run, and with the download if that is new."""
    category, download = values.pop("category"), values.pop("download")
    if download is None:
        title = values["address"].strip().removesuffix("/").rpartition("/")[2] or values["address"]
        download = create_download(actor=actor, category=category, title=title, state=Download.State.DRAFT)
    source = add_source(actor=actor, download=download, **values | {"token": values["token"] or ""})
    if not source.runs.filter(finished_at=None).exists():
        start_run(actor=actor, source=source, is_dry_run=True)
    return source


@account_page
def detail(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what the last run has found and done. The page updates itself until the run is finished."""
    source = _find(actor_of(request), public_id)
    run = source.runs.order_by("-id").first()
    context: dict[str, Any] = {"source": source, "download": source.download, "run": run}
    if run is not None:
        rows = releases_of(run)
        page = page_of_rows(request, rows, total=run.listed_count, per_page=RELEASES_PER_PAGE)
        context |= {"page": page, "totals": totals_of(run), "last_real": _last_real(source)}
    return render(request, "pages/desk/import.html", context)


@account_form
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    source = _find(actor, public_id)
    form = EditImportForm(request.POST or None, source=source)
    if form.is_valid():
        with form.refusals(Denied):
            change_source(actor=actor, source=source, **form.values())
            messages.success(request, _("The settings were saved. They apply from the next run on."))
            return redirect("pages:desk-import", public_id)
    return form_page(request, "pages/desk/import_form.html", form, source=source, download=source.download)


@account_action
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    """Start a run or a dry run, or cancel the one that is under way."""
    actor = actor_of(request)
    source = _find(actor, public_id)
    run_named_action(request, ACTIONS.get(name), actor, source)
    return redirect("pages:desk-import", public_id)


@account_form
def delete(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Ask for confirmation, then delete the import. The versions stay."""
    actor = actor_of(request)
    source = _find(actor, public_id)
    if request.method != "POST":
        return render(request, "pages/desk/import_delete.html", {"source": source, "download": source.download})
    try:
        delete_source(actor=actor, source=source)
    except Conflict as error:
        show_refusal(request, error)
        return redirect("pages:desk-import", public_id)
    messages.success(request, _("The import was deleted. Its versions are still there."))
    return redirect("pages:desk-imports")


def _last_real(source: ImportSource) -> ImportRun | None:
    return source.runs.filter(is_dry_run=False, finished_at__isnull=False).order_by("-id").first()


def _find(actor: Actor, public_id: str) -> ImportSource:
    rows = ImportSource.objects.select_related("download__category", "created_by")
    return import_policy.visible_or_not_found(actor, rows.filter(public_id=public_id).first())
