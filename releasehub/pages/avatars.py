"""The picture of the signed-in user."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from files.pictures.avatars import receive_avatar, remove_avatar
from files.pictures.formats import MAX_UPLOAD_BYTES
from files.pictures.forms import PictureField
from files.uploads.form_uploads import receive_files
from files.uploads.handlers import takes_files
from releasehub.core.errors import DomainError, StorageFull, TooMany
from releasehub.core.requests import actor_of
from releasehub.pages.errors import show_refusal
from releasehub.pages.form_pages import account_action
from releasehub.pages.viewers import account_of


class AvatarForm(forms.Form):
    file = PictureField(label=_("Picture"))


@takes_files
@csrf_exempt
@account_action
def change(request: HttpRequest) -> HttpResponseBase:
    """Store the picture of the form. See `desk.files.upload` for the order of the checks."""
    with receive_files(request, lambda name: MAX_UPLOAD_BYTES):
        try:
            return _receive(request)
        except (StorageFull, TooMany):
            raise
        except DomainError as error:
            show_refusal(request, error)
            return redirect("pages:profile")


@csrf_protect
def _receive(request: HttpRequest) -> HttpResponse:
    form = AvatarForm(request.POST, request.FILES)
    if form.is_valid():
        receive_avatar(actor=actor_of(request), user=account_of(request), upload=form.cleaned_data["file"].staged)
        messages.success(request, gettext("Your picture was changed."))
    else:
        messages.error(request, gettext("Choose a picture first."))
    return redirect("pages:profile")


@account_action
def remove(request: HttpRequest) -> HttpResponseBase:
    remove_avatar(actor=actor_of(request), user=account_of(request))
    messages.success(request, gettext("Your picture was removed."))
    return redirect("pages:profile")
