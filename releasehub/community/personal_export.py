"""The part of a personal export about comments, reviews, watches and reports."""

from typing import Any

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS
from releasehub.community.models import Comment, Report, Review, Watch


def contributions_of(user: User) -> dict[str, Any]:
    comments = Comment.objects.filter(author=user).values("download__title", "text", "created_at")
    reviews = Review.objects.filter(author=user).values("download__title", "rating", "text", "created_at")
    watches = Watch.objects.filter(user=user).values("download__title", "category__title", "frequency", "created_at")
    reports = Report.objects.filter(reporter=user).values("label", "reason", "text", "state", "created_at")
    rows = {"comments": comments, "reviews": reviews, "watches": watches, "reports": reports}
    return {name: list(found[:MAX_EXPORTED_ROWS]) for name, found in rows.items()}
