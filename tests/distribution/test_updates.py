"""Update checks: never something lower, never what is not to be offered, the same as a slow reference says."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import AccessKey, Download
from downloads.services import set_team_member
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid
from releasehub.distribution.updates import Client, RejectionReason, explain_update, find_update
from releasehub.publishing.deletion import delete_version
from tests.conftest import begin_with
from tests.factories import make_download, make_file, make_user, make_version, system
from versions.channels import ORDER
from versions.models import Version
from versions.numbering import parse

pytestmark = pytest.mark.django_db

TABLE = [("1.2.3.5", "1.2.3.5", False), ("1.2.3.4", "1.2.3.5", True), ("1.2.3", "1.2.3.4", False)]
TABLE += [("1.2", "1.2.3.4", False), ("1.2", "1.3", True), ("1.9", "1.10", True), ("1.2.3.4", "1.2.3", False)]
TABLE += [
    ("1.2.3-rc.1", "1.2.3", True),
    ("1.2.3", "1.2.3-rc.1", False),
    ("1.2", "1.3.0-rc.1", True),
    ("1", "1.9", False),
]
TABLE += [("1", "1.9", False)]
TABLE += [("2024.06.10-153042", "2024.06.10-153043", True), ("1.2.3+b7", "1.2.3", False), ("v1.2", "1.2.9", False)]


@pytest.mark.parametrize(("installed", "newest", "is_update"), TABLE)
def test_newer_versions_are_found_by_version_order(installed: str, newest: str, is_update: bool) -> None:
    version = make_version(number=newest, files=1, channel="stable")
    found = find_update(version.download, Client(installed=installed))
    assert found == (version if is_update else None)


@pytest.mark.embedded
@pytest.mark.parametrize("installed", ["-", "x" * 129, "1.2\0", "１.２"])
def test_invalid_installed_version_is_rejected(installed: str) -> None:
    with pytest.raises(Invalid):
        find_update(make_version(files=1).download, Client(installed=installed))


SPOILERS: dict[str, dict[str, Any]] = {
    "deleted": {"deleted_at": timezone.now()},
    "draft": {"state": "draft"},
    "pending": {"state": "pending"},
    "scheduled": {"state": "scheduled", "publish_at": timezone.now()},
    "archived": {"state": "archived"},
    "unlisted": {"visibility": "unlisted"},
    "private": {"visibility": "private"},
    "yanked": {"yanked_at": timezone.now()},
}
REASONS = {
    "deleted": RejectionReason.DELETED,
    "draft": RejectionReason.NOT_PUBLISHED,
    "pending": RejectionReason.NOT_PUBLISHED,
    "scheduled": RejectionReason.NOT_PUBLISHED,
    "archived": RejectionReason.ARCHIVED,
    "unlisted": RejectionReason.NOT_LISTED,
    "private": RejectionReason.NOT_LISTED,
    "yanked": RejectionReason.YANKED,
}


def offered_version() -> Version:
    older = make_version(make_download(), "1.0.0", files=1)
    return make_version(older.download, "2.0.0", files=1)


@begin_with(offered_version)
@pytest.mark.parametrize("spoiler", SPOILERS)
def test_unpublished_versions_are_not_offered_and_explained_to_the_team(world: Version, spoiler: str) -> None:
    newer, download = world, world.download
    assert find_update(download, Client(installed="1.0.0")) == newer
    Version.all_objects.filter(pk=newer.pk).update(**SPOILERS[spoiler])
    assert find_update(download, Client(installed="1.0.0")) is None
    [told] = explain_update(Actor(user=download.owner), download, Client(installed="1.0.0"), None)
    assert (told.version, told.reasons) == (newer, [REASONS[spoiler]])


def test_deleted_versions_are_explained_to_those_who_see_them() -> None:
    download = make_download()
    make_version(download, "1.0.0", files=1)
    delete_version(actor=system(), version=make_version(download, "2.0.0", files=1))
    told = {}
    for flag in ("can_edit", "can_manage_versions"):
        user = make_user()
        set_team_member(actor=system(), download=download, user=user, flags={flag})
        found = explain_update(Actor(user=user), download, Client(installed="1.0.0"), None)
        told[flag] = [rejected.version.number for rejected in found]
    assert told == {"can_edit": [], "can_manage_versions": ["2.0.0"]}


def test_only_team_members_see_the_explanation() -> None:
    with pytest.raises(Denied):
        explain_update(Actor(user=make_user()), make_download(), Client(), None)


def test_explanation_lists_all_reasons_of_a_version() -> None:
    download = make_download()
    other = make_version(download, "2.0.0", channel="beta")
    make_file(other, platform="windows")
    client = Client(platform="linux", key=AccessKey(download=download, highest_number="1"))
    [told] = explain_update(system(), download, client, None)
    assert told.reasons == [RejectionReason.OTHER_CHANNEL, RejectionReason.NO_FILE, RejectionReason.ABOVE_KEY]


class History:
    """A download with versions in every state, channel and system, and the slow way to say which is offered."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.download = make_download()
        Version.objects.bulk_create([self.version(number) for number in self.numbers()])
        self.versions = list(Version.all_objects.filter(download=self.download))
        File.objects.bulk_create([self.file(version) for version in self.versions for _ in range(2)])
        self.files = list(File.all_objects.filter(version__download=self.download))

    def numbers(self) -> set[str]:
        """Different texts that compare equal would be refused, so every one has its own key."""
        texts = {".".join(str(self.random.randint(0, 3)) for _ in range(self.random.randint(2, 4))) for _ in range(25)}
        texts |= {f"{self.random.randint(0, 3)}.{self.random.randint(0, 3)}.0-rc.{n}" for n in range(5)}
        return {parse(text).sort_key.hex(): text for text in sorted(texts)}.values()  # type: ignore[return-value]

    def version(self, text: str) -> Version:
        number = parse(text)
        values = {"state": "published", "visibility": "listed"}
        if self.random.random() < 0.4:
            values |= self.random.choice(list(SPOILERS.values()))
        return Version(
            download=self.download,
            number=text,
            scheme=number.scheme.value,
            sort_key=number.sort_key,
            channel=self.random.choice([*ORDER, "nightly"]),
            released_at=timezone.now(),
            published_at=timezone.now(),
            **values,
        )

    def file(self, version: Version) -> File:
        name = f"{self.random.random()}.bin"
        return File(
            version=version,
            filename=name,
            folded_name=name,
            platform=self.random.choice(["", "linux", "windows"]),
            architecture=self.random.choice(["", "x64", "arm64"]),
            validation_status=self.random.choice(["passed", "passed", "passed", "pending", "failed"]),
            deleted_at=self.random.choice([None, None, None, timezone.now()]),
            external_url="https://example.com/x",
        )

    def client(self) -> Client:
        pick = self.random.choice
        key = AccessKey(download=self.download, highest_number=pick(["", "1", "2.1", "1.2.3"]))
        return Client(
            installed=pick(["", "0.0", "1.0", "1.2", "1.2.3", "2.0.0-rc.1", "2.1.3.1", "9"]),
            channel=pick(["", *ORDER, "nightly", "unknown"]),
            platform=pick(["", "linux", "windows", "macos"]),
            architecture=pick(["", "x64", "arm64"]),
            key=pick([None, key]),
        )

    def reference(self, client: Client) -> Version | None:
        good = [version for version in self.versions if self.is_offered(version, client)]
        newer = [version for version in good if is_newer(version.number, client.installed)]
        return max(newer, key=lambda version: bytes(version.sort_key), default=None)

    def is_offered(self, version: Version, client: Client) -> bool:
        channel = client.channel or "stable"
        follows = ORDER[: ORDER.index(channel) + 1] if channel in ORDER else (channel,)
        highest = client.key.highest_number if client.key else ""
        return (
            version.deleted_at is None
            and (version.state, version.visibility, version.yanked_at) == ("published", "listed", None)
            and version.channel in follows
            and (not highest or not is_newer(version.number, highest))
            and any(file.version_id == version.pk and suits(file, client) for file in self.files)
        )


def suits(file: File, client: Client) -> bool:
    return (
        file.validation_status == "passed"
        and file.deleted_at is None
        and (not client.platform or file.platform in ("", client.platform))
        and (not client.architecture or file.architecture in ("", client.architecture))
    )


def is_newer(number: str, installed: str) -> bool:
    """By cutting and comparing numbers, pre-releases by their keys."""
    if not installed:
        return True
    if "-" in installed:
        return parse(number).sort_key > parse(installed).sort_key
    have = [int(part) for part in installed.split(".")]
    parts = [int(part) for part in number.partition("-")[0].split(".")]
    return (parts + [0] * 4)[: len(have)] > have


@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.embedded)])
def test_update_check_agrees_with_the_reference_implementation(seed: int) -> None:
    history = History(seed)
    answers = [(find_update(history.download, client), history.reference(client)) for client in clients(history)]
    assert [found for found, _ in answers] == [expected for _, expected in answers]
    assert any(expected for _, expected in answers)


def clients(history: History) -> list[Client]:
    return [history.client() for _ in range(80)]


def test_update_check_takes_one_query_for_any_number_of_versions() -> None:
    history = History(1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        find_update(history.download, Client(installed="1.0", channel="dev", platform="linux"))
    assert len(queries) == 1


def test_update_check_does_not_reload_the_download() -> None:
    version = make_version(files=1)
    download = Download.objects.get(pk=version.download_id)
    found = find_update(download, Client())
    assert found is not None
    assert found.download is download
