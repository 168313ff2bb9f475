"""Versions made in two steps: what stays when a process dies between them, and uploads of unknown length."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from files import garbage
from files.models import Blob, File, PackageUpload, UploadSession
from files.storage import blob_storage
from files.uploads import immediate_verification, verification
from files.uploads.immediate_verification import verify_now
from files.uploads.open_ended import declare_size, open_open_ended, received_bytes
from files.uploads.parts import sign_parts
from files.uploads.sessions import begin_upload
from files.uploads.tasks import sweep_uploads
from releasehub.core.errors import ErrorCode, Invalid
from releasehub.publishing import packages
from releasehub.publishing.package_uploads import check_announcement
from releasehub.publishing.package_values import Announcement, Confirmation
from releasehub.publishing.packages import publish_package, verify_package
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.api.entity.world import World, acting
from tests.api.native.test_uploads import left_behind
from tests.factories import make_user
from versions.models import Version

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """As if the process had ended here: nothing is tidied up."""


STEPS = [
    (immediate_verification, "declare_size"),
    (verification, "_collect"),
    (verification, "claim_blob"),
    (verification, "_confirm"),
    (packages, "verify_now"),
    (packages, "_inspect_now"),
    (packages, "create_version"),
    (packages, "add_file"),
    (packages, Move.PUBLISH),
    (packages, Move.ACTIVATE),
]


# The end of most steps is the beginning of the next one.
ENDS = {"_confirm", "add_file", Move.ACTIVATE}
MOMENTS = [(*step, "before") for step in STEPS] + [(*step, "after") for step in STEPS if step[1] in ENDS]
# From then on, everything is in one transaction, which is rolled back on every database.
ROLLED_BACK = {"create_version", "add_file", Move.PUBLISH, Move.ACTIVATE}
DEATHS = [
    pytest.param(*death, id=f"{death[1]}-{death[2]}", marks=[pytest.mark.embedded] * (death[1] in ROLLED_BACK))
    for death in MOMENTS
]


def confirmation(body: dict[str, Any]) -> Confirmation:
    return Confirmation(
        storage_path=body["storage_path"],
        number=body["version"],
        source_hash=body["source_hash"],
        size_bytes=body["file_size_bytes"],
        lockfile_path=body["package_lock_path"],
        is_active=True,
    )


def confirm(world: World, body: dict[str, Any]) -> tuple[Version, bool]:
    options: dict[str, Any] = {"actor": acting(world.owner), "download": world.entity}
    inspected = verify_package(confirmation=confirmation(body), **options)
    return publish_package(confirmation=confirmation(body), inspected=inspected, **options)


@pytest.mark.parametrize(("place", "step", "moment"), DEATHS)
def test_repeating_an_interrupted_confirmation_completes_it(
    monkeypatch: pytest.MonkeyPatch, place: Any, step: str | Move, moment: str
) -> None:
    world = World()
    body = world.uploaded()
    name = "move" if isinstance(step, Move) else step
    original: Callable[..., Any] = getattr(place, name)

    def dies(*args: Any, **kwargs: Any) -> Any:
        if isinstance(step, Move) and args != (step,):
            return original(*args, **kwargs)
        if moment == "after":
            original(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, name, dies)
        patch.setattr(verification, "release_claim", lambda blob: None)
        with pytest.raises(Killed):
            confirm(world, body)
    assert not Version.all_objects.exists()
    assert not File.all_objects.exists()
    assert not Event.objects.filter(object_type="version").exists()
    UploadSession.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    version, is_new = confirm(world, body)
    assert (is_new, version.state, version.is_active, version.file_count) == (True, "published", True, 2)
    assert Blob.objects.count() == 2
    assert [key for key in left_behind() if not is_garbage(key)] == []


def is_garbage(key: str) -> bool:
    """What a process that died left in S3; the collector takes it."""
    return not garbage._sessions_of(key)


def test_upload_verified_by_the_sweep_first_can_be_completed() -> None:
    world = World()
    body = world.uploaded()
    upload = UploadSession.objects.get(storage_key=body["storage_path"])
    declare_size(upload, body["file_size_bytes"])
    sweep_uploads()
    assert confirm(world, body)[1]


def test_verified_bytes_without_confirmation_expire() -> None:
    world = World()
    verify_package(actor=acting(world.owner), download=world.entity, confirmation=confirmation(world.uploaded()))
    assert not Blob.objects.unused().exists()
    long_ago = timezone.now() - timedelta(days=30)
    UploadSession.objects.update(last_active_at=long_ago)
    PackageUpload.objects.update(created_at=long_ago)
    sweep_uploads()
    assert Blob.objects.unused().count() == 2
    assert not PackageUpload.objects.exists()


def test_deleting_an_entity_deletes_its_package_upload() -> None:
    world = World()
    world.announce()
    world.entity.delete()
    assert not PackageUpload.objects.exists()


def open_ended(limit: int = 100) -> UploadSession:
    place = open_open_ended(limit_bytes=limit)
    return begin_upload(actor=acting(make_user()), version=None, filename="x.bin", incoming=place)


def sent(upload: UploadSession, content: bytes, **headers: Any) -> int:
    (address,) = sign_parts(upload, [(1, "")])
    return Client().generic("PUT", address.put.url, content, "application/octet-stream", **headers).status_code


def test_upload_url_of_unknown_length_signs_no_length() -> None:
    (address,) = sign_parts(open_ended(), [(1, "")])
    assert address.put.headers == {}


@pytest.mark.parametrize(("size", "status"), [(0, 200), (1, 200), (100, 200), (101, 400)])
def test_open_ended_upload_is_limited(local_storage: Any, size: int, status: int) -> None:
    assert sent(open_ended(), b"x" * size, CONTENT_LENGTH=str(size)) == status


@pytest.mark.parametrize("length", ["", "-1", "x", "9" * 30, "²"])
def test_upload_requires_content_length(local_storage: Any, length: str) -> None:
    assert sent(open_ended(), b"xyz", CONTENT_LENGTH=length) == 400


def test_default_limit_is_the_maximum_of_one_put() -> None:
    assert open_open_ended(limit_bytes=0).size_bytes == 5 * 1024**3


def test_last_put_wins_until_the_upload_is_closed() -> None:
    world = World()
    announced = world.announce()
    for content in (b"first", b"the second"):
        world.send(announced, content, None)
    upload = UploadSession.objects.get(storage_key=announced["storage_path"])
    assert received_bytes(upload) == len(b"the second")
    blob = verify_now(upload)
    with blob_storage().open(blob.storage_key) as handle:
        assert handle.read() == b"the second"


def test_base_version_of_another_download_is_refused() -> None:
    world, other = World(), World()
    base = other.version(other.pushed())
    wanted = Announcement(number="2024.01.01-000000", source_hash="a" * 64, base_version=base)
    with pytest.raises(Invalid) as caught:
        check_announcement(actor=acting(world.owner), download=world.entity, announcement=wanted)
    assert caught.value.code == ErrorCode.INVALID
