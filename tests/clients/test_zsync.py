"""zsync updates an AppImage from the hub and fetches only the changed blocks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.programs import Programs
from tests.clients.site import Repository
from tests.clients.updates import Shelf, app_image, program

OLD, NEW = app_image(program(2)), app_image(program(2, changed=True))


@pytest.fixture
def shelf(repository: Repository, programs: Programs) -> Shelf:
    return Shelf(repository, programs)


def publish(shelf: Shelf, number: str, content: bytes) -> int:
    """Publish an AppImage with the control file that zsyncmake writes for it."""
    name = f"App-{number}-x86_64.AppImage"
    (shelf.programs.home / name).write_bytes(content)
    shelf.programs.run("zsyncmake", "-u", name, name).ok()
    control_file = (shelf.programs.home / f"{name}.zsync").read_bytes()
    return shelf.publish(number, {name: content, f"{name}.zsync": control_file})


def update(shelf: Shelf, folder: Path, channel: str = "stable") -> tuple[bytes, int]:
    """Update the old AppImage, and return the new one and the number of bytes that were fetched for it."""
    (folder / "old").write_bytes(OLD)
    url = f"{shelf.repository.site.url}/d/{shelf.slug}/channel/{channel}/App-x86_64.AppImage.zsync"
    done = shelf.programs.run("zsync", "-i", folder / "old", "-o", folder / "new", url).ok()
    fetched = re.search(r"fetched (\d+)", done.out + done.err)
    assert fetched, done.out + done.err
    return (folder / "new").read_bytes(), int(fetched[1])


def test_newest_version_is_fetched_by_blocks_over_the_url_without_a_number(shelf: Shelf, tmp_path: Path) -> None:
    publish(shelf, "1.0.0", OLD)
    publish(shelf, "2.0.0", NEW)
    content, fetched_bytes = update(shelf, tmp_path)
    assert content == NEW
    assert fetched_bytes < len(NEW) / 10


def test_nothing_newer_fetches_nothing_and_a_yanked_version_is_not_offered(shelf: Shelf, tmp_path: Path) -> None:
    publish(shelf, "1.0.0", OLD)
    version = publish(shelf, "2.0.0", NEW)
    shelf.post(f"/api/mc-dm-versions/{version}/yank/", reason="Broken")
    assert update(shelf, tmp_path) == (OLD, 0)
