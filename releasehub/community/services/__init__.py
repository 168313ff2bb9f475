"""Use cases of comments, reviews and reports."""

from releasehub.community.services.comments import create_comment, edit_comment
from releasehub.community.services.moderation import approve_contribution, delete_contribution, restore_contribution
from releasehub.community.services.reports import create_report, dismiss_report, resolve_report
from releasehub.community.services.reviews import create_review, edit_review, reply_to_review
from releasehub.community.services.writing import lock_contribution
