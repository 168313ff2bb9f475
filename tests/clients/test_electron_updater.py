"""electron-updater updates an app from the hub's feed, with its generic provider, completely and by blocks."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.clients.programs import Programs
from tests.clients.site import Repository, Site, authorization
from tests.clients.updates import BLOCK_BYTES, Shelf, app_image, block_map_file, bytes_of, is_file, program

OLD, NEW = program(1), program(1, changed=True)
CHANGED_BYTES = 2 * BLOCK_BYTES  # the change lies in two blocks
OLD_IMAGE, NEW_IMAGE = app_image(OLD), app_image(NEW)


@pytest.fixture
def shelf(repository: Repository, programs: Programs) -> Shelf:
    return Shelf(repository, programs)


def publish_both(shelf: Shelf) -> None:
    for number, content in (("1.0.0", OLD), ("2.0.0", NEW)):
        name = f"App Setup {number}.exe"
        shelf.publish(number, {name: content, f"{name}.blockmap": block_map_file(content)}, release_notes="Faster")


@pytest.fixture
def old(tmp_path: Path) -> str:
    (tmp_path / "old").write_bytes(OLD)
    return str(tmp_path / "old")


def test_update_is_found_downloaded_and_verified(shelf: Shelf) -> None:
    shelf.publish("2.0.0", {"app_2.0.0_amd64.deb": NEW}, release_notes="Faster")
    update = shelf.update("Deb", "1.0.0", download=True)
    assert update["errors"] == []
    assert (update["info"]["version"], update["info"]["releaseNotes"]) == ("2.0.0", "Faster")
    assert is_file(update, NEW)


def test_installer_is_updated_by_blocks(shelf: Shelf, old: str) -> None:
    publish_both(shelf)
    update = shelf.update("Nsis", "1.0.0", download=True, old=old)
    assert update["errors"] == []
    assert is_file(update, NEW)
    assert bytes_of(update) < len(NEW) / 10
    assert any(entry["status"] == 206 for entry in update["received"])


def test_installer_on_s3_is_updated_by_one_request_for_each_block(s3_site: Site, tmp_path: Path, old: str) -> None:
    """S3 answers one range in a request, so the app sets `useMultipleRangeRequest` to false."""
    (tmp_path / "home").mkdir()
    shelf = Shelf(s3_site.make_repository(), Programs(tmp_path / "home", s3_site))
    publish_both(shelf)
    provider = {"provider": "generic", "url": shelf.feed, "useMultipleRangeRequest": False}
    update = shelf.update("Nsis", "1.0.0", download=True, old=old, provider=provider)
    assert update["errors"] == []
    assert is_file(update, NEW)
    parts = [entry for entry in update["received"] if entry["status"] == 206]
    assert all("/d/" not in entry["path"] for entry in parts)  # S3 has sent them
    assert sum(entry["bytes"] for entry in parts) == CHANGED_BYTES
    assert bytes_of(update) < len(NEW) / 10


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0"])
def test_newest_version_finds_no_update(shelf: Shelf, version: str) -> None:
    publish_both(shelf)
    update = shelf.update("Nsis", version)
    assert (update["available"], update["errors"]) == (False, [])


@pytest.mark.parametrize("system", ["AppImage", "Nsis", "Mac"])
def test_download_without_versions_is_no_error(shelf: Shelf, system: str) -> None:
    for options in ({}, {"channel": "beta"}):  # with a channel, the updater installs older versions as well
        update = shelf.update(system, "1.0.0", download=True, **options)
        assert (update["available"], update["errors"]) == (False, [])


def test_version_yanked_after_the_check_is_downloaded_once_and_not_offered_again(shelf: Shelf, old: str) -> None:
    publish_both(shelf)
    version = shelf.publish("3.0.0", {"App Setup 3.0.0.exe": NEW, "App Setup 3.0.0.exe.blockmap": block_map_file(NEW)})
    site = shelf.repository.site
    yank = {"method": "POST", "headers": authorization(site.keys["writer"])}
    between = [f"{site.url}/api/mc-dm-versions/{version}/yank/", yank]
    update = shelf.update("Nsis", "1.0.0", download=True, old=old, between=between)
    assert (update["errors"], update["between"], update["info"]["version"]) == ([], 200, "3.0.0")
    assert is_file(update, NEW)
    assert shelf.update("Nsis", "1.0.0")["info"]["version"] == "2.0.0"


def test_app_image_is_updated_by_the_blocks_at_its_end(shelf: Shelf, tmp_path: Path) -> None:
    for number, content in (("1.0.0", OLD_IMAGE), ("2.0.0", NEW_IMAGE)):
        shelf.publish(number, {f"App-{number}.AppImage": content})
    (tmp_path / "App.AppImage").write_bytes(OLD_IMAGE)
    update = shelf.update("AppImage", "1.0.0", download=True, old=str(tmp_path / "App.AppImage"))
    assert update["errors"] == []
    assert is_file(update, NEW_IMAGE)
    assert bytes_of(update) < len(NEW_IMAGE) / 10


CREDENTIALS = ["bearer", "token", "basic", "query", "path"]


@pytest.mark.parametrize("form", CREDENTIALS)
def test_private_feed_opens_with_each_credential(
    private_repository: Repository, programs: Programs, old: str, form: str
) -> None:
    shelf = Shelf(private_repository, programs)
    publish_both(shelf)
    update = shelf.update("Nsis", "1.0.0", download=True, old=old, **_credentials(shelf, form))
    assert update["errors"] == []
    assert is_file(update, NEW)
    assert bytes_of(update) < len(NEW) / 10


def _credentials(shelf: Shelf, form: str) -> dict[str, Any]:
    reader = shelf.repository.site.keys["reader"]
    headers = {
        "bearer": f"Bearer {reader}",
        "token": f"token {reader}",
        "basic": f"Basic {base64.b64encode(f'ann:{reader}'.encode()).decode()}",
    }
    if form in headers:
        return {"headers": {"authorization": headers[form]}}
    key, base = shelf.access_key(), shelf.feed
    return {"url": f"{base}?key={key}" if form == "query" else base.replace("/electron", f"/k/{key}/electron")}


def test_private_feed_without_a_credential_is_an_error(private_repository: Repository, programs: Programs) -> None:
    shelf = Shelf(private_repository, programs)
    publish_both(shelf)
    assert "ERR_UPDATER_CHANNEL_FILE_NOT_FOUND" in shelf.update("Nsis", "1.0.0")["errors"][-1]


def test_channel_of_the_app_offers_its_pre_releases(shelf: Shelf) -> None:
    publish_both(shelf)
    shelf.publish("3.0.0-beta.1", {"App Setup.exe": NEW})
    assert shelf.update("Nsis", "1.0.0")["info"]["version"] == "2.0.0"
    assert shelf.update("Nsis", "1.0.0", channel="beta")["info"]["version"] == "3.0.0-beta.1"


def test_mac_stays_at_the_version_that_has_a_zip_file(shelf: Shelf) -> None:
    shelf.publish("1.0.0", {"App-1.0.0-mac.zip": b"PK\x05\x06" + bytes(18)})
    shelf.publish("2.0.0", {"App Setup 2.0.0.exe": NEW})
    assert shelf.update("Mac", "0.9.0")["info"]["version"] == "1.0.0"


def test_padded_number_and_a_hostile_name_update_by_blocks(shelf: Shelf, old: str) -> None:
    for number, full, content in (("1.0", "1.0.0", OLD), ("2.0", "2.0.0", NEW)):
        name = f"Ä & b #1 %41 Setup {full}.exe"
        shelf.publish(
            number, {name: content, f"{name}.blockmap": block_map_file(content)}, release_notes="]]> \"'\n---"
        )
    shelf.publish("2.0.0.1", {"App.exe": NEW})
    update = shelf.update("Nsis", "1.0.0", download=True, old=old)
    assert update["errors"] == []
    assert (update["info"]["version"], update["info"]["releaseNotes"]) == ("2.0.0", "]]> \"'\n---")
    assert is_file(update, NEW)
    assert bytes_of(update) < len(NEW) / 10


def test_rollout_to_nobody_and_to_everybody(shelf: Shelf) -> None:
    version = shelf.publish("2.0.0", {"App Setup.exe": NEW}, rollout_percent=0)
    assert not shelf.update("Nsis", "1.0.0")["available"]
    done = shelf.repository.site.api.put(f"/api/mc-dm-versions/{version}/", json={"rollout_percent": 100})
    assert done.is_success, done.text
    assert shelf.update("Nsis", "1.0.0")["available"]
