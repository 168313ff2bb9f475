"""The texts and watches of a user: how they are exported, passed to another user, or ended.

Comments, reviews and reports stay when an account is anonymized.
"""

from typing import Any

from django.db.models import Q, QuerySet

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS, Possession
from releasehub.community.models import Comment, Report, Review, Watch, WatchNotice
from releasehub.core.actor import Actor


def contributions_of(user: User) -> dict[str, Any]:
    comments = Comment.objects.filter(author=user).values("download__title", "text", "created_at")
    reviews = Review.objects.filter(author=user).values("download__title", "rating", "text", "created_at")
    watches = Watch.objects.filter(user=user).values("download__title", "category__title", "frequency", "created_at")
    reports = Report.objects.filter(reporter=user).values("label", "reason", "text", "state", "created_at")
    rows = {"comments": comments, "reviews": reviews, "watches": watches, "reports": reports}
    return {name: list(found[:MAX_EXPORTED_ROWS]) for name, found in rows.items()}


def movable_reviews(giver: User, heir: User) -> QuerySet[Review]:
    """Return the reviews that the heir could have written: one for each download whose team the heir is not on."""
    reviewed = Review.all_objects.filter(author=heir, deleted_at=None).values("download")
    is_maker = Q(download__owner=heir) | Q(download__team__user=heir)
    return Review.all_objects.filter(author=giver).exclude(download__in=reviewed).exclude(is_maker)


def pass_on_texts(*, actor: Actor, giver: User, heir: User) -> int:
    """Make the heir the author of comments and reviews. Other reviews stay with the account that is merged."""
    comments = Comment.all_objects.filter(author=giver).update(author=heir)
    reviews = Review.all_objects.filter(pk__in=list(movable_reviews(giver, heir).values_list("pk", flat=True)))
    Review.all_objects.filter(replied_by=giver).update(replied_by=heir)
    return comments + reviews.update(author=heir)


def pass_on_watches(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the heir watch what the other account watches. E-mails that wait go to the heir, too."""
    watched = Watch.objects.filter(user=heir)
    double = Q(download__in=watched.filter(download__isnull=False).values("download"))
    double |= Q(category__in=watched.filter(category__isnull=False).values("category"))
    rows = Watch.objects.filter(user=giver)
    rows.filter(double).delete()
    moved = [*rows.values_list("pk", flat=True)]
    # A notice about a version that the heir has one for already goes, because a user gets one e-mail.
    notices = WatchNotice.objects.filter(user=giver)
    notices.filter(version__in=WatchNotice.objects.filter(user=heir).values("version")).delete()
    notices.update(user=heir)
    return Watch.objects.filter(pk__in=moved).update(user=heir)


def text_count(user: User) -> int:
    return sum(model.all_objects.filter(author=user).count() for model in (Comment, Review))


POSSESSIONS = (
    Possession(name="texts", label="comments and reviews", count=text_count, pass_on=pass_on_texts),
    Possession(
        name="watches",
        label="watched downloads and categories",
        count=lambda user: Watch.objects.filter(user=user).count(),
        pass_on=pass_on_watches,
    ),
)


def end_watches(*, actor: Actor, user: User) -> None:
    """Delete the watches of the user and the e-mails that they caused."""
    WatchNotice.objects.filter(user=user).delete()
    Watch.objects.filter(user=user).delete()


def written_about(user: User) -> QuerySet[Any]:
    """Return the primary keys of the downloads that the user commented on or reviewed, deleted texts included."""
    comments = Comment.all_objects.filter(author=user).order_by().values("download")
    return comments.union(Review.all_objects.filter(author=user).order_by().values("download"))
