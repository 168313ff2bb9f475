"""One row of every kind that the admin and the pages show, in the states in which they offer different things."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from downloads.services import place_hold, set_team_member, share_download
from files.models import DownloadDay
from releasehub.accounts.models import Invitation, Membership, Role, User
from releasehub.accounts.services import invite
from releasehub.apikeys.services import issue_key
from releasehub.audit.models import AuditSink
from releasehub.community.services import delete_contribution, reply_to_review, resolve_report
from releasehub.community.services.watching import watch
from releasehub.core.actor import Actor
from releasehub.distribution.access_keys import issue_access_key
from releasehub.importing.models import ImportedRelease, ImportRun
from releasehub.importing.services import add_source, start_run
from releasehub.operations.records import record_backup
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.models import RetentionRun
from releasehub.publishing.retention.services import create_rule
from releasehub.publishing.transitions import Move
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from tests.factories.accounts import make_organization, make_user
from tests.factories.community import make_comment, make_report, make_review
from tests.factories.pictures import make_picture
from tests.factories.releases import (
    make_category,
    make_download,
    make_file,
    make_loose_upload,
    make_prefix,
    make_version,
    system,
)
from versions.models import NamedChannel, NamedPlatform
from versions.services import create_label


def make_everything(owner: User, *, member: User | None = None) -> None:
    """Make rows that belong to `owner`, and give `member` every right of a team."""
    category = make_category("Tools")
    prefix = make_prefix("Beta", categories=(category,))
    organization = make_organization("Northwind")
    Membership.objects.create(organization=organization, user=owner, role="owner")
    download = make_download(owner, category=category, prefix=prefix, title="Everything", tags=["tools"])
    make_download(owner, category=category, title="Of an organization", organization=organization)
    version = make_version(download, "1.0.0", files=1)
    make_version(download, "2.0.0-beta.1", state="draft")
    move(Move.YANK, actor=system(), version=make_version(download, "1.1.0", files=1), reason="broken")
    delete_version(actor=system(), version=make_version(download, "1.2.0", files=1))
    delete_file(actor=system(), file=make_file(make_version(download, "1.3.0", state="draft")))
    delete_download(actor=system(), download=make_download(owner, category=category, title="Deleted"))
    set_team_member(actor=system(), download=download, user=member or make_user(), flags={"can_edit", "can_upload"})
    share_download(actor=system(), download=download, user=make_user())
    make_loose_upload(owner)
    make_imports(owner, download)
    make_opinions(owner, download)
    make_picture(download)
    issue_access_key(actor=system(), download=download, name="A customer")
    issue_key(actor=system(), user=owner, name="pipeline", scopes=["mc_dm_download:read"])
    for target in (download, category):
        watch(actor=Actor(user=owner), target=target)
    make_records(version)
    make_webhooks(owner, download)
    for inviting, invited in ((organization, "new@example.org"), (make_organization("Southwind"), owner.username)):
        kind = Invitation.Kind.ORGANIZATION
        invite(actor=system(), kind=kind, target=inviting, invited=invited, rights=["member"])
    Role.objects.create(organization=organization, name="Sharer", scopes=["entities:share"])
    Group.objects.create(name="Editors")
    for model in (NamedChannel, NamedPlatform):
        create_label(actor=system(), model=model, name="special", display_name="Special", downloads=[])
        create_label(actor=system(), model=model, name="own", display_name="Own", downloads=[download])


def make_imports(owner: User, download: Any) -> None:
    """Create an import whose last run has listed a release, and one whose run is under way."""
    actor = Actor(user=owner)
    for name in ("acme/tool", "acme/other"):
        source = add_source(actor=actor, download=download, kind="github", address=name)
        run = start_run(actor=actor, source=source, is_dry_run=True)
    ImportedRelease.objects.create(
        source=source, key="1", last_run=run, tag="v9.0.0", number="9.0.0", decision="create"
    )
    ImportRun.objects.filter(source__address="acme/tool").update(state="done", finished_at=timezone.now())


def make_opinions(owner: User, download: Any) -> None:
    """Create comments and reviews in every state, and a download that the owner can review."""
    author = make_user()
    checked = make_download(category=make_category("Checked", comments_need_approval=True), title="Another")
    make_comment(download, author)
    make_comment(checked, author)
    delete_contribution(actor=system(), row=make_comment(download, author))
    reply_to_review(actor=Actor(user=owner), review=make_review(download, author, text="Works."), text="Thanks.")
    delete_contribution(actor=system(), row=make_review(download))
    for target in (
        download,
        download.versions.get(number="1.0.0"),
        make_comment(download, author),
        make_review(download),
    ):
        make_report(target)
    resolve_report(actor=system(), report=make_report(checked), note="Thanks.")


def make_records(version: Any) -> None:
    """Create the rows that services write as a side effect."""
    record_backup("b1", target="disk", started_at=timezone.now(), figures={"size_bytes": 2048})
    download = version.download
    for name in ("gone.zip", "stays.zip"):
        make_file(make_version(download, f"0.{len(name)}.0"), name=name)
    delete_file(actor=system(), file=download.versions.get(number="0.8.0").files.get(), hard=True)
    delete_version(actor=system(), version=download.versions.get(number="0.9.0"), hard=True)
    delete_download(actor=system(), download=make_download(title="Gone"), hard=True)
    create_rule(actor=system(), category=download.category, keep_newest=3)
    create_rule(actor=system(), download=download, keep_newest=2)
    RetentionRun.objects.create()
    place_hold(actor=system(), download=make_download(title="Held"), reason="A case")
    DownloadDay.objects.create(file=version.files.get(), day="2026-01-01", downloads=3)
    AuditSink.objects.create(kind="jsonl", target="audit")


def make_webhooks(owner: User, download: Any) -> None:
    """Create endpoints of a download and of the whole site, each with a delivery."""
    for fields in ({"download_id": download.pk}, {}):
        endpoint, _ = create_endpoint(actor=system(), url="https://93.184.215.14/hook", **fields)
        send_test_event(actor=system(), endpoint=endpoint)
