"""The comments and reviews on the page of a download, and what the viewer may do with them."""

from typing import Any

from django.http import HttpRequest

from downloads.models import Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from releasehub.community.models import Comment, Contribution, Review
from releasehub.community.policies import contribution_policy
from releasehub.core.actor import Actor
from releasehub.pages.community_forms import CommentForm
from releasehub.pages.parameters import page_of_rows
from releasehub.pages.viewers import viewer_of

MAX_REJECTED = 5


def opinions_about(request: HttpRequest, download: Download) -> dict[str, Any]:
    """Return the template context with the comments and the reviews of the download.

    For anonymous visitors this takes two queries, because their totals are stored with the download, and none if there
    is nothing to show.
    """
    actor, rules = viewer_of(request), rules_of(download.category)
    can_comment = contribution_policy.can_comment(actor, download)
    can_review = contribution_policy.can_review(actor, download)
    return {
        "comments": _list(request, Comment, download, "comments", download.comment_count)
        | {"is_open": rules.allows_comments or can_comment, "form": CommentForm() if can_comment else None},
        "reviews": _list(request, Review, download, "reviews", download.rating_count)
        | {"is_open": rules.allows_reviews or can_review, "can_write": can_review}
        | {"own": _own_review(actor, download), "can_reply": download_policy.can_edit(actor, download)},
    }


def _list(
    request: HttpRequest, model: type[Contribution], download: Download, parameter: str, stored_total: int
) -> dict[str, Any]:
    """Return a page of the rows, and the ids of those that the viewer may change and delete."""
    actor = viewer_of(request)
    # Only a user can see more than what is counted: the texts that wait for approval.
    total = None if actor.user else stored_total
    # `none()` would do as well, but Django builds its whole query before it finds out that it is empty.
    rows = [] if total == 0 else _rows_about(actor, model, download)
    page = page_of_rows(request, rows, total=total, parameter=parameter)
    page.object_list = list(page.object_list)
    for row in page.object_list:
        row.download = download
    return {
        "page": page,
        "rejected": _rejected(actor, model, download),
        "changeable": {row.pk for row in page.object_list if contribution_policy.can_edit(actor, row)},
        "deletable": {row.pk for row in page.object_list if contribution_policy.can_delete(actor, row)},
    }


def _rows_about(actor: Actor, model: type[Contribution], download: Download) -> Any:
    return model.all_objects.listed_in(actor, download).select_related("author").order_by("-created_at", "-id")


def _rejected(actor: Actor, model: type[Contribution], download: Download) -> list[Contribution]:
    """Return the viewer's texts that a moderator rejected, without a query where no text waits for approval."""
    rules = rules_of(download.category)
    if not (rules.comments_need_approval or rules.holds_first_posts):
        return []
    return list(model.all_objects.rejected_for(actor, download)[:MAX_REJECTED])


def _own_review(actor: Actor, download: Download) -> Review | None:
    if actor.user is None:
        return None
    return Review.objects.filter(download=download, author=actor.user).first()
