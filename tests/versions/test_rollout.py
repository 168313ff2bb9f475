"""Staged rollouts: which clients are inside, as agreed with every program that computes the same bucket."""

from __future__ import annotations

import math
from typing import Any

import pytest
from django.utils import timezone

from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from releasehub.distribution.updates import Client, RejectionReason, explain_update, find_update
from releasehub.webhooks.models import Event
from tests.factories import make_download, make_version, system
from versions.models import Version
from versions.rollout import bucket, is_inside
from versions.services import update_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

VECTORS = [
    ("3fef8f8b-d450-5c5b-805e-308092339d9b", "a", 281),
    ("3fef8f8b-d450-5c5b-805e-308092339d9b", "b", 1750),
    ("client-1", "seed-1", 1210),
]
CLIENTS = [f"client-{index}" for index in range(10_000)]


@pytest.mark.parametrize(("client", "seed", "expected"), VECTORS)
def test_bucket_matches_the_published_vectors(client: str, seed: str, expected: int) -> None:
    assert bucket(client, seed) == expected


@pytest.mark.parametrize("percent", [0, 1, 10, 50, 100])
def test_share_of_clients_is_the_percentage_within_three_sigma(percent: int) -> None:
    share, count = percent / 100, len(CLIENTS)
    inside = sum(is_inside(client, "seed", percent) for client in CLIENTS)
    assert abs(inside - share * count) <= 3 * math.sqrt(count * share * (1 - share))


def test_clients_stay_inside_when_raised_and_shares_are_independent() -> None:
    few, many, other = (
        {client for client in CLIENTS if is_inside(client, seed, percent)}
        for seed, percent in (("a", 10), ("a", 50), ("b", 10))
    )
    assert few < many
    assert abs(len(few & other) - 100) <= 3 * math.sqrt(100)


@pytest.fixture
def versions() -> Any:
    download = make_download()
    return make_version(download, "1.0.0", files=1), make_version(download, "2.0.0", files=1, rollout_percent=30)


def test_client_outside_the_rollout_is_offered_the_version_before(versions: Any) -> None:
    older, newer = versions
    found = {find_update(newer.download, Client(client_id=client)) for client in CLIENTS[:50]}
    assert found == {older, newer}
    for client in CLIENTS[:10]:
        expected = newer if is_inside(client, newer.public_id, 30) else older
        assert find_update(newer.download, Client(client_id=client)) == expected


def test_client_without_an_id_is_offered_the_version(versions: Any) -> None:
    assert find_update(versions[1].download, Client()) == versions[1]


def test_team_reads_that_the_client_is_outside(versions: Any) -> None:
    older, newer = versions
    outside = next(client for client in CLIENTS if not is_inside(client, newer.public_id, 30))
    actor, client = Actor(user=newer.download.owner), Client(client_id=outside)
    [told] = explain_update(actor, newer.download, client, older)
    assert told.reasons == [RejectionReason.OUTSIDE_ROLLOUT]


def test_rollout_of_a_sealed_version_is_changed_and_recorded(versions: Any) -> None:
    newer = versions[1]
    Version.objects.filter(pk=newer.pk).update(sealed_at=timezone.now())
    update_version(actor=system(), version=newer, rollout_percent=60)
    assert Version.objects.get(pk=newer.pk).rollout_percent == 60
    assert AuditEntry.objects.latest("id").changes == {"rollout_percent": [30, 60]}
    assert Event.objects.latest("id").data["rollout_percent"] == 60


@pytest.mark.parametrize("percent", [-1, 101, 20.5, "20", None])
def test_rollout_has_to_be_a_whole_percentage(versions: Any, percent: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        update_version(actor=system(), version=versions[1], rollout_percent=percent)
    assert refusal.value.field == "rollout_percent"
