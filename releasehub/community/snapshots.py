"""The representation of comments and reviews in events."""

from typing import Any

from downloads.snapshots import embedded_download
from releasehub.community.models import Comment, Contribution, Review
from releasehub.webhooks.services import loaded_relation


def comment_snapshot(comment: Comment) -> dict[str, Any]:
    return {"comment_id": comment.pk} | _common(comment)


def review_snapshot(review: Review) -> dict[str, Any]:
    return {
        "review_id": review.pk,
        "rating": review.rating,
        "reply": review.reply,
        "replied_at": review.replied_at.isoformat() if review.replied_at else None,
    } | _common(review)


def _common(row: Contribution) -> dict[str, Any]:
    author = loaded_relation(row, "author")
    return {
        "public_id": row.public_id,
        "download_id": row.download_id,
        "author_id": row.author_id,
        "author": {"user_id": author.pk, "username": author.get_username()} if author else None,
        "text": row.text,
        "state": row.state,
        "is_deleted": row.is_deleted,
        "edit_count": row.edit_count,
        "last_edit_at": row.last_edit_at.isoformat() if row.edit_count else None,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "download": embedded_download(row.download),
    }
