"""The models of comments, reviews and watches."""

from releasehub.community.models.contributions import MAX_RATING, MIN_RATING, NEVER, Comment, Contribution, Review
from releasehub.community.models.watches import Watch, WatchCursor, WatchNotice

__all__ = [
    "MAX_RATING",
    "MIN_RATING",
    "NEVER",
    "Comment",
    "Contribution",
    "Review",
    "Watch",
    "WatchCursor",
    "WatchNotice",
]
