from itertools import count

from downloads.models import Download
from releasehub.accounts.models import User
from releasehub.community.models import Comment, Report, Review
from releasehub.community.report_policy import Reportable
from releasehub.community.services import create_comment, create_report, create_review
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


def make_report(target: Reportable | None = None, reporter: User | None = None, *, reason: str = "spam") -> Report:
    actor = Actor(user=reporter or make_user())
    return create_report(actor=actor, target=target or make_download(), reason=reason, text="Look at this.")
