"""The icon, the cover and the screenshots of a download on the author's desk."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from downloads.models import Download
from downloads.policies import download_policy
from files.models import Picture
from files.pictures.forms import PictureForm, PictureTextsForm, change_picture
from files.pictures.paths import path_in_text, with_sizes
from files.pictures.storing import authorize_picture
from files.uploads.form_uploads import receive_files
from files.uploads.handlers import takes_files
from releasehub.core.actor import Actor
from releasehub.core.domain_messages import translated
from releasehub.core.errors import DomainError, NotFound, StorageFull, TooMany
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.pages.desk.lookup import find_download
from releasehub.pages.errors import prefers_json, show_refusal
from releasehub.pages.form_pages import account_action, account_form


@takes_files
@csrf_exempt
@account_form
def pictures(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show the pictures, and add one. See `files.upload` for the order of the checks.

    The script of the editor sends pictures that were pasted into a text. It gets the path as JSON.
    """
    actor, download = _editable(request, public_id)
    with receive_files(request, lambda name: authorize_picture(actor=actor, download=download)):
        try:
            return _receive(request, download)
        except (StorageFull, TooMany):
            raise
        except DomainError as error:
            if prefers_json(request):
                raise
            entered = PictureForm(initial=request.POST.dict())
            return _page(request, download, entered, error=translated(error.message), status=400)


@csrf_protect
def _receive(request: HttpRequest, download: Download) -> HttpResponse:
    if request.method != "POST":
        return _page(request, download, PictureForm())
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, download, form, status=400)
    picture = form.save(actor_of(request), download)
    if prefers_json(request):
        return JsonResponse({"path": path_in_text(picture)}, status=201)
    messages.success(request, _("The picture was added."))
    return redirect("pages:desk-pictures", download.public_id)


@account_action
def act(request: HttpRequest, public_id: str, picture_id: str, name: str) -> HttpResponseBase:
    """Change the texts of one picture, move it, or remove it."""
    actor, download = _editable(request, public_id)
    picture = first_or_not_found(Picture.objects.filter(download=download, public_id=picture_id))
    picture.download = download
    try:
        change_picture(actor=actor, picture=picture, name=name, texts=request.POST.dict())
    except NotFound:
        raise
    except DomainError as error:
        show_refusal(request, error)
    else:
        messages.success(request, _("The pictures were changed."))
    return redirect("pages:desk-pictures", public_id)


def _editable(request: HttpRequest, public_id: str) -> tuple[Actor, Download]:
    actor = actor_of(request)
    download = find_download(actor, public_id)
    download_policy.ensure("edit", actor, download)
    return actor, download


def _page(
    request: HttpRequest, download: Download, form: PictureForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    rows = with_sizes(Picture.objects.filter(download=download)).order_by("kind", "display_order", "id")
    listed = [(row, PictureTextsForm.of(row)) for row in rows]
    context = {"download": download, "pictures": listed, "form": form, "error": error}
    return render(request, "pages/desk/pictures.html", context, status=status)
