"""A person is anonymized: personal data goes from every table, content and audit stay, and the account is closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.utils import timezone

from downloads.models import Download, LegalHold, StorePublication
from downloads.services import set_team_member, share_download
from files.models import Quarantine, UploadSession
from releasehub.accounts.models import CompanyIdentity, Invitation, Membership, OneTimeLink, User
from releasehub.accounts.services import invite
from releasehub.accounts.services.anonymizing import anonymize_user, erase_traces
from releasehub.accounts.services.one_time_links import create_password_link
from releasehub.accounts.user_policies import user_policy
from releasehub.apikeys.services import issue_key
from releasehub.apikeys.verification import InactiveKey, verify_key
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.audit.chain import chain_rows
from releasehub.audit.models import AuditEntry
from releasehub.audit.verification import verify
from releasehub.backoffice.models import SavedFilter
from releasehub.community.models import Watch, WatchNotice
from releasehub.community.services import delete_contribution, reply_to_review
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, NotFound
from releasehub.distribution.access_keys import issue_access_key
from releasehub.importing.models import ImportSource
from releasehub.importing.services import add_source, start_run
from releasehub.moderation.models import Assignment, Verdict
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.models import RetentionRule
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Endpoint
from tests.conftest import Ready
from tests.factories import make_avatar, make_download, make_file, make_organization, make_user, make_version, system
from tests.factories.community import make_comment, make_report, make_review

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

GONE, STAYS = "gone", "stays"
# Everything that refers to a user, and what happens to it. A new field has to be added here, and to an eraser if its
# rows are personal data or give rights.
RELATIONS = {
    "account.EmailAddress.user": GONE,
    "accounts.CompanyIdentity.user": GONE,
    "accounts.OneTimeLink.created_by": GONE,
    "accounts.OneTimeLink.user": GONE,
    "accounts.SignedInBrowser.user": GONE,
    "mfa.Authenticator.user": GONE,
    "accounts.Invitation.invited_by": GONE,
    "accounts.Invitation.user": GONE,
    "accounts.Membership.user": GONE,
    "accounts.User_groups.user": GONE,
    "accounts.User_user_permissions.user": GONE,
    "admin.LogEntry.user": STAYS,
    "backoffice.SavedFilter.user": GONE,
    "apikeys.ApiKey.user": STAYS,  # revoked, without its name
    "community.Comment.author": STAYS,
    "community.Comment.deleted_by": STAYS,
    "community.Review.author": STAYS,
    "community.Review.deleted_by": STAYS,
    "community.Review.replied_by": STAYS,
    "community.Report.handled_by": STAYS,
    "community.Report.reporter": STAYS,
    "community.Watch.user": GONE,
    "community.WatchNotice.user": GONE,
    "downloads.AccessKey.created_by": STAYS,  # in force while the user owns the download
    "downloads.Download.deleted_by": STAYS,
    "downloads.Download.owner": STAYS,
    "downloads.LegalHold.placed_by": STAYS,
    "downloads.Share.created_by": STAYS,  # likewise
    "downloads.Share.user": GONE,
    "downloads.StorePublication.created_by": STAYS,  # likewise
    "downloads.TeamMember.user": GONE,
    "files.Avatar.user": GONE,
    "files.File.accepted_by": STAYS,
    "files.File.deleted_by": STAYS,
    "files.Quarantine.created_by": STAYS,
    "files.Quarantine.ended_by": STAYS,
    "files.UploadSession.user": STAYS,
    "importing.ImportRun.started_by": STAYS,
    "importing.ImportSource.created_by": STAYS,  # without its token and its schedule
    "moderation.Assignment.assignee": GONE,
    "moderation.Verdict.moderator": STAYS,
    "publishing.RetentionRule.created_by": STAYS,
    "versions.Version.author": STAYS,
    "versions.Version.deleted_by": STAYS,
    "versions.Version.scheduled_by": STAYS,
    "webhooks.Endpoint.created_by": STAYS,  # disabled
}
# Tables in which the old name may stay. Audit rows are protected by the hash chain until they are deleted, bodies of
# deliveries were sent, and stored responses are deleted after a day.
KEEPS_NAMES = {"audit.AuditEntry", "webhooks.Payload", "api.IdempotentAnswer"}
MARKS = ("zaphod-mark", "Zaphodina", "Beeblebrox", "zaphod@example.org", "203.0.113.77")


def relations() -> Iterator[tuple[str, type[models.Model], str]]:
    """Yield every column of every table that refers to a user."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is User:
                yield f"{model._meta.label}.{field.name}", model, field.name


def rows_of(user: User) -> dict[str, int]:
    return {label: model._base_manager.filter(**{name: user.pk}).count() for label, model, name in relations()}


def make_person() -> User:
    """Make a user with a row in every place that refers to users."""
    user = make_user(
        MARKS[0], first_name=MARKS[1], last_name=MARKS[2], email="Zaphod@example.org", is_staff=True,
        permissions=("moderate_download",),
    )  # fmt: skip
    user.groups.add(Group.objects.create(name="Editors"))
    make_avatar(user)
    actor = Actor(user=user, address=MARKS[4])
    mine, other = make_download(user, title="Mine"), make_download(title="Other")
    organization = make_organization(members=(user,))
    Membership.objects.create(organization=organization, user=make_user(), role="owner")
    for invited in (user.username, "zaphod@example.org"):
        rights, kind = ["member"], Invitation.Kind.ORGANIZATION
        invite(actor=system(), kind=kind, target=make_organization(), invited=invited, rights=rights)
    invite(actor=actor, kind=Invitation.Kind.TEAM, target=mine, invited="ford", rights=["can_edit"])
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk),
        object_repr=str(user), action_flag=CHANGE,
    )  # fmt: skip
    issue_key(actor=actor, user=user, name=f"laptop of {MARKS[0]}", scopes=())
    set_team_member(actor=system(), download=other, user=user, flags={"can_edit"})
    share_download(actor=system(), download=make_download(title="Shared"), user=user)
    share_download(actor=actor, download=mine, user=make_user())
    issue_access_key(actor=actor, download=mine, name="A customer")
    StorePublication.objects.create(download=mine, organization=organization, created_by=user)
    create_endpoint(actor=actor, url="https://93.184.215.14/hook", download_id=mine.pk)
    make_opinions(actor, user, mine, other)
    make_releases(actor, user, mine)
    Client().force_login(user)
    EmailAddress.objects.create(user=user, email="zaphod@example.org")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    create_password_link(actor=system(), user=user)
    CompanyIdentity.objects.create(user=user, issuer="https://login.example.org", subject=MARKS[0])
    OneTimeLink.objects.create(
        kind="sign_up", token_digest="x", created_by=user, note=MARKS[1], expires_at=timezone.now()
    )
    audit.record(actor=actor, action=AuditAction.SIGN_IN, target=user)
    return user


def make_opinions(actor: Actor, user: User, mine: Download, other: Download) -> None:
    make_comment(other, user)
    make_review(author=user)
    reply_to_review(actor=actor, review=make_review(mine), text="Thanks.")
    for row in (make_comment(mine), make_review(mine)):
        delete_contribution(actor=actor, row=row)
    report = make_report(other, user)
    type(report).objects.update(handled_by=user)
    SavedFilter.objects.create(user=user, model="files.file", name=f"files of {MARKS[0]}", query="deleted=yes")
    Assignment.objects.create(kind="report", object_id=report.pk, assignee=user)
    Verdict.objects.create(kind="report", object_id=report.pk, is_approval=True, moderator=user)
    LegalHold.objects.create(download=make_download(title="Held"), reason="a lawsuit", placed_by=user)
    RetentionRule.objects.create(download=mine, created_by=user)
    watch = Watch.objects.create(user=user, download=other)
    WatchNotice.objects.create(watch=watch, user=user, version=make_version(other, "1.0"))


def make_releases(actor: Actor, user: User, mine: Download) -> None:
    version = make_version(mine, "1.0", files=1)
    type(version).objects.filter(pk=version.pk).update(author=user, scheduled_by=user)
    version.files.update(accepted_by=user)
    Quarantine.objects.create(filename="tool.bin", reason="harmful", created_by=user, ended_by=user)
    delete_file(actor=actor, file=make_file(make_version(mine, "1.2", state="draft")))
    delete_version(actor=actor, version=make_version(mine, "1.3"))
    delete_download(actor=actor, download=make_download(user, title="Deleted"))
    source = add_source(
        actor=actor, download=mine, kind="github", address="acme/tool", token=MARKS[0], sync_hours=24
    )  # fmt: skip
    start_run(actor=actor, source=source)
    UploadSession.objects.create(
        user=user, acting={"address": actor.address}, filename="up.bin", size_bytes=1, storage_key="incoming/x"
    )


def test_imports_lose_their_token_and_their_schedule(person: User) -> None:
    anonymize_user(actor=system(), user=person)
    source = ImportSource.objects.get(created_by=person)
    assert (source.sealed_token, source.sync_hours, source.next_sync_at) == ("", 0, None)


@pytest.fixture(scope="module")
def ready_person(make_ready: Any) -> Iterator[Ready]:
    with make_ready(make_person) as made:
        yield made


@pytest.fixture
def person(ready_person: Ready, db: None) -> User:
    return ready_person.take()


@pytest.fixture
def clerk() -> Actor:
    return Actor(user=make_user("clerk", is_staff=True, permissions=("change_user", "moderate_download")))


def occurrences() -> dict[str, list[str]]:
    """Return the tables that contain something of the person, with what they contain."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        text = json.dumps(list(model._base_manager.values()), default=bytes_or_text).lower()
        if marks := [mark for mark in MARKS if mark.lower() in text]:
            found[model._meta.label] = marks
    return found


def bytes_or_text(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def test_every_reference_to_a_user_is_erased_or_stays_on_purpose(person: User) -> None:
    before = rows_of(person)
    assert before.keys() == RELATIONS.keys()
    assert [label for label, count in before.items() if not count] == []  # else this test proves nothing about it
    anonymize_user(actor=system(), user=person)
    after = rows_of(person)
    assert {label: STAYS if count else GONE for label, count in after.items()} == RELATIONS
    assert [label for label in after if RELATIONS[label] == STAYS and after[label] != before[label]] == []


def test_no_table_keeps_personal_data(person: User) -> None:
    assert len(occurrences()) > len(KEEPS_NAMES)
    person = anonymize_user(actor=system(), user=person, reason="The person asked for it.")
    assert erase_traces() == 0  # the audit rows are not chained yet, so their IP addresses have to stay
    chain_rows()
    assert erase_traces() == 1
    left = occurrences()
    assert left.keys() <= KEEPS_NAMES
    assert MARKS[4] not in left["audit.AuditEntry"]
    assert verify().fault is None
    row = AuditEntry.objects.get(action="user.anonymize")
    assert (row.target_id, row.target_label, row.changes) == (person.pk, person.username, {})
    assert not any(
        mark in json.dumps(list(AuditEntry.objects.filter(action="user.update").values("changes"))) for mark in MARKS
    )


def test_closed_account_cannot_be_opened_again(person: User, clerk: Actor) -> None:
    _, secret = issue_key(actor=system(), user=person, name="ci", scopes=())
    browser = Client()
    browser.force_login(person)
    person.set_password("secret-pass-2")
    person.save()
    person = anonymize_user(actor=clerk, user=person)
    with pytest.raises(InactiveKey):
        verify_key(secret)
    assert browser.get("/account/").status_code == 302
    assert not Client().login(username=person.username, password="secret-pass-2")
    assert not user_policy.can_change(clerk, person)
    assert not Endpoint.objects.filter(created_by=person, disabled_at=None).exists()
    assert Download.objects.get(title="Mine").owner.username == f"anonymized-{person.pk}"


def test_anonymizing_again_changes_nothing(person: User, clerk: Actor) -> None:
    anonymize_user(actor=clerk, user=person)
    count, stored = AuditEntry.objects.count(), User.objects.values().get(pk=person.pk)
    anonymize_user(actor=clerk, user=person)
    assert (AuditEntry.objects.count(), User.objects.values().get(pk=person.pk)) == (count, stored)


def test_another_account_may_have_the_usual_pseudonym(clerk: Actor) -> None:
    user = make_user()
    make_user(f"anonymized-{user.pk}")
    assert anonymize_user(actor=clerk, user=user).username == f"anonymized-{user.public_id}"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda clerk: make_user(is_superuser=True), Denied),
        (lambda clerk: clerk.user, Denied),
        (lambda clerk: make_user(permissions=("delete_user",)), Denied),  # has more than the clerk
    ],
)
def test_administrators_and_oneself_are_protected(clerk: Actor, make: Callable[[Actor], User], error: Any) -> None:
    user = make(clerk)
    for actor, expected in ((clerk, error), (Actor(user=make_user()), NotFound)):
        with pytest.raises(expected):
            anonymize_user(actor=actor, user=user)


def test_the_last_admin_of_an_organization_is_protected(clerk: Actor) -> None:
    user, organization = make_user("last"), make_organization()
    Membership.objects.create(organization=organization, user=user, role="owner")
    with pytest.raises(Conflict):
        anonymize_user(actor=clerk, user=user)
    assert User.objects.get(pk=user.pk).username == "last"


def test_command_asks_for_confirmation_before_the_change() -> None:
    user, said = make_user("leaver"), StringIO()
    call_command("anonymize_user", "leaver", stdout=said)
    assert "--yes" in said.getvalue()
    assert User.objects.filter(username="leaver").exists()
    call_command("anonymize_user", "leaver", "--yes", stdout=said)
    assert User.objects.get(pk=user.pk).anonymized_at is not None
    with pytest.raises(CommandError):
        call_command("anonymize_user", "leaver", "--yes")
