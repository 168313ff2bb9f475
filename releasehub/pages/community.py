"""Pages on which users write, change and delete comments and reviews, and reply to reviews."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy

from downloads.models import Download
from releasehub.community.models import Comment, Contribution, Review
from releasehub.community.policies import contribution_policy
from releasehub.community.services import (
    create_comment,
    create_review,
    delete_contribution,
    edit_comment,
    edit_review,
    reply_to_review,
)
from releasehub.core.actor import Actor
from releasehub.core.querysets import first_or_not_found
from releasehub.pages.community_forms import CommentForm, ReplyForm, ReviewForm
from releasehub.pages.form_pages import account_form, form_page
from releasehub.pages.forms import ServiceForm
from releasehub.pages.viewers import viewer_of

WAITING = gettext_lazy("Thank you. Your text is shown as soon as a moderator approves it.")
SAVED = gettext_lazy("Your text was saved.")
Save = Callable[..., Contribution]


def contribution_page(
    request: HttpRequest, download: Download, form: ServiceForm, save: Save, title: str, about: Review | None = None
) -> HttpResponseBase:
    """Show the form, or save it and return to the page of the download.

    Args:
        save: Calls the service with the values of the form.
        about: The review that the text replies to.
    """
    if form.is_valid():
        with form.refusals():
            row = save(**form.cleaned_data)
            messages.success(request, SAVED if row.is_shown else WAITING)
            return redirect(f"{download.path}#{row._meta.model_name}s")
    template = "pages/contribution_form.html"
    return form_page(request, template, form, download=download, title=title, about=about)


@account_form
def new_comment(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor, download = viewer_of(request), _find_download(public_id)
    contribution_policy.ensure_comment(actor, download)
    save = partial(create_comment, actor=actor, download=download)
    return contribution_page(request, download, CommentForm(request.POST or None), save, gettext("Comment"))


@account_form
def new_review(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Create the review of the user. A user who has written one changes that one instead."""
    actor, download = viewer_of(request), _find_download(public_id)
    contribution_policy.ensure_review(actor, download)
    own = Review.objects.filter(download=download, author=actor.user).first()
    if own is not None:
        return redirect("pages:review-edit", own.public_id)
    save = partial(create_review, actor=actor, download=download)
    return contribution_page(request, download, ReviewForm(request.POST or None), save, gettext("Review"))


@account_form
def comment(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor, row = viewer_of(request), _find(Comment, public_id)
    contribution_policy.ensure("edit", actor, row)
    form = CommentForm(request.POST or None, initial={"text": row.text})
    save = partial(edit_comment, actor=actor, comment=row)
    return contribution_page(request, row.download, form, save, gettext("Edit comment"))


@account_form
def review(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor, row = viewer_of(request), _find(Review, public_id)
    contribution_policy.ensure("edit", actor, row)
    form = ReviewForm(request.POST or None, initial={"rating": row.rating, "text": row.text})
    save = partial(edit_review, actor=actor, review=row)
    return contribution_page(request, row.download, form, save, gettext("Edit review"))


@account_form
def reply(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor, row = viewer_of(request), _find(Review, public_id)
    contribution_policy.ensure("reply", actor, row)
    # An empty form is sent to remove the reply, so the form is bound to every POST.
    form = ReplyForm(request.POST if request.method == "POST" else None, initial={"text": row.reply})
    save = partial(reply_to_review, actor=actor, review=row)
    return contribution_page(request, row.download, form, save, gettext("Reply"), row)


@account_form
def delete_comment(request: HttpRequest, public_id: str) -> HttpResponseBase:
    return _delete(request, _find(Comment, public_id))


@account_form
def delete_review(request: HttpRequest, public_id: str) -> HttpResponseBase:
    return _delete(request, _find(Review, public_id))


def _find_download(public_id: str) -> Download:
    return first_or_not_found(Download.all_objects.select_related("category").filter(public_id=public_id))


def _find(model: type[Any], public_id: str) -> Any:
    """Return the row. The policies decide whether the viewer sees it."""
    rows = model.all_objects.select_related("author", "download__category")
    return first_or_not_found(rows.filter(public_id=public_id))


def _delete(request: HttpRequest, row: Contribution) -> HttpResponseBase:
    """Ask for confirmation, then hide the row."""
    actor: Actor = viewer_of(request)
    contribution_policy.ensure("delete", actor, row)
    if request.method != "POST":
        return _delete_page(request, row)
    delete_contribution(actor=actor, row=row)
    is_comment = isinstance(row, Comment)
    messages.success(request, gettext("The comment was deleted.") if is_comment else gettext("The review was deleted."))
    return redirect(row.download.path)


def _delete_page(request: HttpRequest, row: Contribution) -> HttpResponse:
    title = gettext("Delete this comment?") if isinstance(row, Comment) else gettext("Delete this review?")
    return render(request, "pages/contribution_delete.html", {"row": row, "title": title})
