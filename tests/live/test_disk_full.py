"""A full disk, really: the files folder is a small file system of its own, in a mount namespace."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.hubs import Hub, start
from tests.live.test_uploads import new_version, upload

pytestmark = pytest.mark.embedded

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


def can_mount() -> bool:
    try:
        probe = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return probe.returncode == 0


@pytest.fixture(scope="module")
def small_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    if not can_mount():
        pytest.skip("mount namespaces are not allowed here")
    data = tmp_path_factory.mktemp("small")
    # The hub has files already, and does not start on a volume without them.
    fill = f'cp -a "{data}/files" "{data}/copy" && mount -t tmpfs -o size=12m tmpfs "{data}/files"'
    script = f'{fill} && cp -a "{data}/copy/." "{data}/files" && exec "$@"'
    hub = start(data, inside=(*NAMESPACE, "sh", "-c", script, "sh"))
    try:
        yield hub
    finally:
        hub.end()


def test_full_disk_is_507_and_frees_its_space(small_hub: Hub) -> None:
    version = new_version(small_hub)
    status, answer, _ = upload(small_hub, version, "too-large.bin", 24)
    assert (status, answer["errors"][0]["code"]) == (507, "mc_dm_api_error.storage_full")
    assert upload(small_hub, version, "fits.bin", 6)[0] == 200
    assert upload(small_hub, version, "fits-no-more.bin", 8)[0] == 507
    assert all(small_hub.get("/readyz").values())


def test_small_uploads_continue_on_a_full_disk(small_hub: Hub) -> None:
    assert upload(small_hub, new_version(small_hub), "small.bin", 1)[0] == 200
