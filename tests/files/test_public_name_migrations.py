"""What was public before names were recorded is recorded by the migrations."""

from __future__ import annotations

import hashlib
import importlib

import pytest
from django.apps import apps

from downloads.models import PublicSlug
from files.models import PublicFileName
from releasehub.core.errors import Conflict
from releasehub.publishing.deletion import delete_file, delete_version
from tests.factories import make_download, make_file, make_version, system
from versions.models import PublicNumber

pytestmark = pytest.mark.django_db


def migrate() -> None:
    for name in (
        "downloads.migrations.0005_fill_public_slugs",
        "versions.migrations.0008_fill_public_numbers",
        "files.migrations.0007_fill_public_file_names",
    ):
        importlib.import_module(name).fill(apps, None)


def test_names_are_recorded_on_publication_only() -> None:
    version = make_version(make_download(slug="tool"), "1.0.0")
    file = make_file(version, name="tool.bin", content=b"live")
    make_file(make_version(version.download, "2.0.0", state="draft"), name="draft.bin")
    make_download(slug="hidden", state="draft")
    expected = [list(rows()) for rows in (slugs, numbers, names)]
    for model in (PublicSlug, PublicNumber, PublicFileName):
        model.objects.all().delete()
    migrate()
    assert [list(rows()) for rows in (slugs, numbers, names)] == expected
    delete_file(actor=system(), file=file)
    with pytest.raises(Conflict):
        make_file(version, name="tool.bin", content=b"other")
    delete_version(actor=system(), version=version, hard=True)
    with pytest.raises(Conflict):
        make_version(version.download, "1.0")


def test_migration_prefers_the_live_file_for_a_public_name() -> None:
    version = make_version()
    make_file(version, name="tool.bin", content=b"live")
    PublicFileName.objects.update(sha256="a" * 64, reason="replaced")
    migrate()
    assert PublicFileName.objects.get().sha256 == hashlib.sha256(b"live").hexdigest()


def slugs() -> list[str]:
    return sorted(PublicSlug.objects.values_list("slug", flat=True))


def numbers() -> list[str]:
    return sorted(PublicNumber.objects.values_list("number", flat=True))


def names() -> list[tuple[str, str]]:
    return sorted(PublicFileName.objects.values_list("filename", "sha256"))
