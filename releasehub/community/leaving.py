"""End the watches of a user whose account is anonymized. Comments, reviews and reports stay."""

from typing import Any

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.community.models import Comment, Review, Watch, WatchNotice
from releasehub.core.actor import Actor


def end_watches(*, actor: Actor, user: User) -> None:
    """Delete the watches of the user and the e-mails that they caused."""
    WatchNotice.objects.filter(user=user).delete()
    Watch.objects.filter(user=user).delete()


def written_about(user: User) -> QuerySet[Any]:
    """Return the primary keys of the downloads that the user commented on or reviewed, deleted texts included."""
    comments = Comment.all_objects.filter(author=user).order_by().values("download")
    return comments.union(Review.all_objects.filter(author=user).order_by().values("download"))
