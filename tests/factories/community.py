from itertools import count

from downloads.models import Download
from releasehub.accounts.models import User
from releasehub.community.models import Comment, Review
from releasehub.community.services import create_comment, create_review
from releasehub.core.actor import Actor
from tests.factories.accounts import make_user
from tests.factories.releases import make_download

_numbers = count(1)


def make_comment(download: Download | None = None, author: User | None = None, *, text: str = "") -> Comment:
    actor = Actor(user=author or make_user())
    return create_comment(actor=actor, download=download or make_download(), text=text or f"Comment {next(_numbers)}")


def make_review(
    download: Download | None = None, author: User | None = None, *, rating: int = 4, text: str = ""
) -> Review:
    actor = Actor(user=author or make_user())
    return create_review(actor=actor, download=download or make_download(), rating=rating, text=text)
