"""The command `read_app_images` reads what AppImages of an older hub say about updates."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from files import app_images
from files.models import Blob
from files.storage import blob_storage
from releasehub.core.errors import StorageUnavailable
from tests.clients.updates import app_image
from tests.factories import make_file, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def read(*words: str) -> str:
    output = StringIO()
    call_command("read_app_images", *words, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_app_images_are_read_and_an_interrupted_run_continues(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(app_images, "BATCH", 2)
    version = make_version()
    names = ("One.AppImage", "two.appimage", "lost.AppImage", "not.bin", "Plain.AppImage")
    blobs = {}
    for name in names:
        content = b"#!/bin/sh" if name == "Plain.AppImage" else app_image(name.encode())
        blobs[name] = make_file(version, name=name, content=content).blob
    Blob.objects.update(block_map_bytes=0)
    blob_storage().delete(blobs["lost.AppImage"].storage_key)
    real = app_images.remember_app_image

    def fail(blob: Blob) -> None:
        if blob == blobs["two.appimage"]:
            raise StorageUnavailable
        real(blob)

    monkeypatch.setattr(app_images, "remember_app_image", fail)
    with pytest.raises(CommandError, match=f"Continue with --after {blobs['One.AppImage'].pk}"):
        read()
    monkeypatch.setattr(app_images, "remember_app_image", real)
    assert read("--after", str(blobs["One.AppImage"].pk)) == (
        "2 AppImages read, 1 of them with update information or a block map.\n"
    )
    known = Blob.objects.filter(block_map_bytes__gt=0).values_list("pk", flat=True)
    assert set(known) == {blobs["One.AppImage"].pk, blobs["two.appimage"].pk}
    assert "1 AppImages read, 0 of them" in read()
