"""Use cases of comments, reviews and reports."""

from releasehub.community.services.comments import create_comment, edit_comment
from releasehub.community.services.moderation import approve_contribution, delete_contribution, restore_contribution
from releasehub.community.services.reports import create_report, dismiss_report, resolve_report
from releasehub.community.services.reviews import create_review, edit_review, reply_to_review
from releasehub.community.services.writing import lock_contribution

__all__ = [
    "approve_contribution",
    "create_comment",
    "create_report",
    "create_review",
    "delete_contribution",
    "dismiss_report",
    "edit_comment",
    "edit_review",
    "lock_contribution",
    "reply_to_review",
    "resolve_report",
    "restore_contribution",
]
