"""Platforms and architectures are found in every spelling, and shown as they were sent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache

from files.models import File
from releasehub.api.engine.terms import with_platform
from releasehub.distribution.file_permalinks import find_latest
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
from versions.models import Version
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_SPELLINGS, architecture_spellings, platform_spellings
from versions.services import update_version

pytestmark = pytest.mark.django_db
# Each spelling is looked for under the next one, and the last one under the first.
PLATFORM_PAIRS = [pair for group in PLATFORM_SPELLINGS.values() for pair in pairwise([*group, group[0]])]
ARCHITECTURE_PAIRS = [
    pair
    for name, group in ARCHITECTURE_SPELLINGS.items()
    if name != "universal"
    for pair in pairwise([*group, group[0]])
]


@pytest.mark.embedded
def test_each_spelling_belongs_to_one_platform_or_architecture() -> None:
    for spellings in (PLATFORM_SPELLINGS, ARCHITECTURE_SPELLINGS):
        words = [word for group in spellings.values() for word in group]
        assert len(words) == len(set(words))
        assert words == [word.lower() for word in words]
    assert platform_spellings("Haiku") == ("haiku",)
    assert architecture_spellings("S390X") == ("s390x",)


def test_platforms_are_found_in_every_spelling() -> None:
    version = make_version(number="1.0")
    make_file(version, platform="haiku")
    file, client = make_file(version), ApiClient(make_key(version.download.owner))
    wrong = {}
    for stored, asked in PLATFORM_PAIRS:
        update_version(actor=system(), version=version, platforms=[stored])
        file.platform = stored
        file.save(update_fields=["platform"])
        if (answers := found(client, file, platform=asked)) != [file.pk] * 5:
            wrong[stored, asked] = answers
    assert wrong == {}


def test_architectures_are_found_in_every_spelling() -> None:
    version = make_version(number="1.0")
    make_file(version, platform="linux", architecture="s390x")
    file, client = make_file(version, platform="linux"), ApiClient(make_key(version.download.owner))
    wrong = {}
    for stored, asked in ARCHITECTURE_PAIRS:
        file.architecture = stored
        file.save(update_fields=["architecture"])
        if (answers := found(client, file, platform="linux", architecture=asked)[:3]) != [file.pk] * 3:
            wrong[stored, asked] = answers
    assert wrong == {}


def found(client: ApiClient, file: File, platform: str, architecture: str = "") -> list[Any]:
    """Return what each lookup finds: update check, permanent link, mc-dm, v3 and engine."""
    version, download = file.version, file.version.download
    cache.clear()
    query = {"version": "0.9", "platform": platform.upper(), "arch": architecture.upper()}
    update = client.get(f"/api/updates/{download.slug}", query).json()["file"]
    assert (update["platform"], update["architecture"]) == (file.platform, file.architecture)
    link = find_latest(system(), download, "-".join(filter(None, [platform, architecture])))
    filters = {"version_id": version.pk, "platform": platform} | (
        {"architecture": architecture} if architecture else {}
    )
    listed = client.get("/api/mc-dm-files/", filters).json()["files"]
    releases = client.get("/v3/releases", {"productId": download.public_id, "platform": platform}).json()
    latest = client.get("/v3/releases/latest", {"productId": download.public_id, "platform": platform}).json()
    v3 = file.pk if [row["id"] for row in releases] == [latest["id"]] and file.filename in str(latest) else releases
    engine = file.pk if list(with_platform(Version.objects.all(), platform)) == [version] else None
    return [update["file_id"], link.pk, *(row["file_id"] for row in listed), v3, engine]


def test_a_declared_platform_is_found_in_every_spelling() -> None:
    """A package that names no platform suits the platforms that its version declares."""
    version = make_version(make_download(make_user()), platforms=["darwin", "win32"])
    make_file(version)
    suited = [name for name in ("macos", "osx", "windows", "win64", "linux") if File.objects.suiting(name).exists()]
    assert suited == ["macos", "osx", "windows", "win64"]
