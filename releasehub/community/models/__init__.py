"""The models of comments, reviews, watches and reports."""

from releasehub.community.models.contributions import MAX_RATING, MIN_RATING, NEVER, Comment, Contribution, Review
from releasehub.community.models.reports import Report
from releasehub.community.models.watches import Watch, WatchCursor, WatchNotice
