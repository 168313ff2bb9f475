"""The page with the form of a comment, a review or a reply."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from downloads.models import Download
from releasehub.community.models import Contribution, Review
from releasehub.pages.form_pages import form_page
from releasehub.pages.forms import ServiceForm

WAITING = gettext_lazy("Thank you. Your text is shown as soon as a moderator approves it.")
SAVED = gettext_lazy("Your text was saved.")
Save = Callable[..., Contribution]


def contribution_page(
    request: HttpRequest, download: Download, form: ServiceForm, save: Save, title: str, about: Review | None = None
) -> HttpResponseBase:
    """Show the form, or save it and return to the page of the download.

    Args:
        request: The request.
        download: The download that the text is about.
        form: The form, bound if it was sent.
        save: Calls the service with the values of the form.
        title: The title of the page.
        about: The review that the text replies to.
    """
    if form.is_valid():
        with form.refusals():
            row = save(**form.cleaned_data)
            messages.success(request, SAVED if row.is_shown else WAITING)
            return redirect(f"{download.path}#{row._meta.model_name}s")
    template = "pages/contribution_form.html"
    return form_page(request, template, form, download=download, title=title, about=about)
