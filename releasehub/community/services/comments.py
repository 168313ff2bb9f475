"""Create and change comments."""

from django.db import transaction

from downloads.models import Download
from downloads.services import lock_download
from releasehub.community.limits import check_links, check_repetition, clean_comment, count_writing
from releasehub.community.models import Comment
from releasehub.community.policies import contribution_policy
from releasehub.community.services.writing import change_row, insert_row, lock_contribution
from releasehub.core.actor import Actor


def create_comment(*, actor: Actor, download: Download, text: str) -> Comment:
    """Create a comment of the actor about a download.

    Raises:
        Denied: The category accepts no comments.
        Invalid: The text is empty or too long, or the comment would have no author.
        Rejected: The text has too many links.
        Conflict: The actor wrote the same text before, or the download is deleted.
        TooMany: The actor, or all users together, wrote too much in this hour.
    """
    contribution_policy.ensure_comment(actor, download)
    text = clean_comment(text)
    count_writing(actor, download)
    with transaction.atomic():
        download = lock_download(download.pk)
        contribution_policy.ensure_comment(actor, download)
        check_links(actor, download, text)
        check_repetition(actor, download, text)
        comment = Comment(download=download, author=actor.user)
        insert_row(actor, comment, {"text": text})
    return comment


def edit_comment(*, actor: Actor, comment: Comment, text: str) -> Comment:
    """Change the text of a comment.

    Raises:
        Denied: The actor neither wrote the comment nor is a moderator.
        Invalid: The text is empty or too long.
        Rejected: The text has too many links.
        Conflict: The actor wrote the same text before, or the comment or its download is deleted.
        TooMany: The actor, or all users together, wrote too much in this hour.
    """
    contribution_policy.ensure("edit", actor, comment)
    text = clean_comment(text)
    count_writing(actor, comment.download)
    with transaction.atomic():
        comment = lock_contribution(comment)
        contribution_policy.ensure("edit", actor, comment)
        if text != comment.text:
            check_links(actor, comment.download, text)
            check_repetition(actor, comment.download, text, besides=comment)
        change_row(actor, comment, {"text": text})
    return comment
