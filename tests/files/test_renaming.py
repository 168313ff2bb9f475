"""Files get other names; names that were public stay reserved."""

from __future__ import annotations

import pytest
from django.utils import timezone

from files.models import File, PublicFileName
from files.services import update_file
from releasehub.core.errors import Conflict, Invalid, Rejected
from tests.factories import make_category, make_download, make_file, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def file() -> File:
    return make_file(make_version(), name="tool.bin")


def renamed(file: File, name: str) -> File:
    return update_file(actor=system(), file=file, filename=name)


def test_name_and_kind_change_together(file: File) -> None:
    renamed(file, "Tool.bin.SIG")
    stored = File.objects.get()
    assert (stored.filename, stored.folded_name, stored.kind) == ("Tool.bin.SIG", "tool.bin.sig", "signature")


def test_case_can_change(file: File) -> None:
    assert renamed(file, "TOOL.bin").filename == "TOOL.bin"


def test_both_names_stay_reserved_for_the_bytes(file: File) -> None:
    renamed(file, "other.bin")
    assert set(PublicFileName.objects.values_list("folded_name", flat=True)) == {"tool.bin", "other.bin"}
    with pytest.raises(Conflict):
        make_file(file.version, name="tool.bin", content=b"other bytes")


def test_used_and_invalid_names_are_refused(file: File) -> None:
    make_file(file.version, name="used.bin")
    with pytest.raises(Conflict):
        renamed(file, "USED.bin")
    with pytest.raises(Invalid):
        renamed(file, "a/b.bin")


@pytest.mark.parametrize(
    ("old", "new"), [("a.bin", "a.zip"), ("a.bin", "a.tar.gz"), ("a.jar", "a.zip"), ("a.jar", "a.bin")]
)
def test_extension_that_other_checks_belong_to_is_refused(old: str, new: str) -> None:
    """An upload under the new name would be inspected as another kind of archive."""
    file = make_file(make_version(), name=old, content=b"plain")
    with pytest.raises(Rejected, match=r"Keep the extension, or upload the file again"):
        renamed(file, new)
    assert renamed(file, f"b{old[1:]}").filename == f"b{old[1:]}"


def test_extension_with_a_signature_is_refused_where_the_category_checks_types() -> None:
    category = make_category(allowed_extensions=["txt", "png", "log"])
    file = make_file(make_version(make_download(category=category)), name="a.txt")
    with pytest.raises(Rejected, match="was checked under the name"):
        renamed(file, "a.png")
    assert renamed(file, "a.log").filename == "a.log"


def test_a_sealed_version_is_refused(file: File) -> None:
    Version.objects.update(sealed_at=timezone.now())
    with pytest.raises(Conflict, match="sealed"):
        renamed(file, "other.bin")
