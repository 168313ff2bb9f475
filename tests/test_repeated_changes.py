"""Requests that ask for what is so already: the first one is recorded and announced, a repetition is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from downloads.services import feature_download, set_team_member, update_download
from releasehub.accounts.services.handing_over import merge_accounts, transfer_possessions
from releasehub.audit.models import AuditEntry, AuditSink
from releasehub.audit.services import save_sink
from releasehub.importing.services import add_source
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.endpoint_secrets import rotate_secret
from releasehub.webhooks.endpoints import update_endpoint
from releasehub.webhooks.models import Event
from releasehub.webhooks.replays import cancel_pending
from tests.factories import make_download, make_user, make_version, system
from tests.webhooks.conftest import make_endpoint

pytestmark = pytest.mark.django_db
Change = Callable[[], Any]
URL = "https://93.184.215.14/hook"
HEADER = {"auth_type": "header", "auth_name": "X-Api-Key", "auth_secret": "secret-value"}


def moved(name: Move, state: str = "published", **options: Any) -> Change:
    version = make_version(state=state, files=1)
    return lambda: move(name, actor=system(), version=version, **options)


def rotated(**options: Any) -> Change:
    endpoint = make_endpoint(URL)
    return lambda: rotate_secret(actor=system(), endpoint=endpoint, secret="the-same-secret", **options)


def authenticated() -> Change:
    endpoint = make_endpoint(URL)
    return lambda: update_endpoint(actor=system(), endpoint=endpoint, **HEADER)


def cancelled() -> Change:
    endpoint = make_endpoint(URL)
    return lambda: cancel_pending(actor=system(), endpoint=endpoint)


def sunk() -> Change:
    sink = AuditSink(kind="jsonl", target="audit")
    return lambda: save_sink(actor=system(), sink=sink)


def on_download(change: Callable[..., Any], **options: Any) -> Change:
    download = make_download()
    return lambda: change(actor=system(), download=download, **options)


def handed_over(change: Callable[..., Any], heir: str, giver: str, **options: Any) -> Change:
    users = {giver: make_user(), heir: make_user()}
    make_download(users[giver])
    return lambda: change(actor=system(), **users, **options)


CHANGES: dict[str, Callable[[], Change]] = {
    "yank for a reason": lambda: moved(Move.YANK, reason="It deletes files."),
    "yank without a reason": lambda: moved(Move.YANK),
    "schedule": lambda: moved(Move.SCHEDULE, "draft", publish_at=timezone.now() + timedelta(days=1)),
    "visibility": lambda: moved(Move.SET_VISIBILITY, visibility="private"),
    "seal": lambda: moved(Move.PUBLISH, seal=True),
    "archive": lambda: moved(Move.ARCHIVE),
    "secret of a webhook": rotated,
    "secret of a webhook without an overlap": lambda: rotated(overlap=timedelta(0)),
    "authentication of a webhook": authenticated,
    "cancel pending deliveries": cancelled,
    "sink of the audit log": sunk,
    "rights in a team": lambda: on_download(set_team_member, user=make_user(), flags={"can_edit"}),
    "place on the front page": lambda: on_download(feature_download, place=3),
    "last place on the front page": lambda: on_download(feature_download),
    "text with characters that are removed": lambda: on_download(update_download, title="Pack\u202esmith\x00"),
    "import with a token": lambda: on_download(
        add_source, kind="github", address="northwind/packsmith", token="t", is_command=True
    ),
    "possessions": lambda: handed_over(transfer_possessions, "heir", "giver", kinds=["downloads"]),
    "merged accounts": lambda: handed_over(merge_accounts, "into", "user"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_repetition_is_neither_recorded_nor_announced(kind: str) -> None:
    change = CHANGES[kind]()
    change()
    records = AuditEntry.objects.count(), Event.objects.count()
    change()
    assert (AuditEntry.objects.count(), Event.objects.count()) == records
