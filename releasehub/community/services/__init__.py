"""Use cases of comments and reviews."""

from releasehub.community.services.comments import create_comment, edit_comment
from releasehub.community.services.moderation import approve_contribution, delete_contribution, restore_contribution
from releasehub.community.services.reviews import create_review, edit_review, reply_to_review
from releasehub.community.services.writing import lock_contribution

__all__ = [
    "approve_contribution",
    "create_comment",
    "create_review",
    "delete_contribution",
    "edit_comment",
    "edit_review",
    "lock_contribution",
    "reply_to_review",
    "restore_contribution",
]
