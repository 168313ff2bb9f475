"""The author's desk in the demo: a team, shares, keys, a webhook, and versions on their way."""

from datetime import timedelta

from django.utils import timezone

from downloads.models import Download
from downloads.services import create_download, set_team_member, share_download
from releasehub.accounts.models import Invitation, User
from releasehub.accounts.services.invitations import invite
from releasehub.core import encryption
from releasehub.core.actor import Actor, Origin
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.preview_links import issue_preview_link
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.endpoint_fields import clean_secret
from releasehub.webhooks.models import Endpoint
from versions.models import Version

DAYS_TO_PUBLICATION = 7


def furnish_desk(admin: User) -> None:
    """Add what the administrator would have set up in the first weeks."""
    actor = Actor(user=admin, origin=Origin.CLI)
    packsmith = _download("Packsmith")
    set_team_member(
        actor=actor,
        download=packsmith,
        user=User.objects.get(username="ann"),
        flags={"can_upload", "can_manage_files"},
    )
    invite(actor=actor, kind=Invitation.Kind.TEAM, target=packsmith, invited="ben", rights=["can_edit"])
    _give_access(actor)
    _preview_and_schedule(actor)
    _webhook(admin, packsmith)
    _first_draft(actor, packsmith)


def _download(title: str) -> Download:
    return Download.objects.select_related("category", "owner").get(title=title)


def _give_access(actor: Actor) -> None:
    handbook = _download("Release Handbook Templates")
    share_download(actor=actor, download=handbook, user=User.objects.get(username="ben"))
    expiry = timezone.now() + timedelta(days=90)
    issue_access_key(actor=actor, download=handbook, name="Print shop", expires_at=expiry, uses=50)


def _preview_and_schedule(actor: Actor) -> None:
    drafts = Version.objects.select_related("download__category").filter(state=Version.State.DRAFT)
    issue_preview_link(actor=actor, version=drafts.get(download__title="Packsmith"), name="Beta testers", uses=20)
    moment = timezone.now() + timedelta(days=DAYS_TO_PUBLICATION)
    move(Move.SCHEDULE, actor=actor, version=drafts.get(download__title="Emberfall Engine"), publish_at=moment)


def _webhook(admin: User, download: Download) -> None:
    """Add a paused endpoint. The service would resolve its host name, and a demo has to start without a network."""
    Endpoint.objects.create(
        title="Build server",
        url="https://ci.example.org/hooks/releases",
        download_id=download.pk,
        events=["version.published", "version.yanked"],
        sealed_secret=encryption.encrypt(clean_secret("", Endpoint.Format.STANDARD)),
        paused_at=timezone.now(),
        created_by=admin,
    )


def _first_draft(actor: Actor, other: Download) -> None:
    """Add a download that is not released yet, whose checklist says what is missing."""
    create_download(
        actor=actor,
        category=other.category,
        title="Shelfmark",
        tag_line="Labels for build artifacts that people can read",
        description="Shelfmark reads a folder of artifacts and prints a label for each.",
        state=Download.State.DRAFT,
    )
