"""ReleaseHub as one of the measured products, served as the Docker image serves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import LoadJob
from bench.peers.peer import CREATE, DETAIL, LIST, SMALL_DOWNLOAD, Peer
from bench.plan import Seeded
from bench.production import WEB_PROCESSES, serving, store
from bench.servers import Cluster, Setup, hub_environment, run_python, seed_hub
from bench.uploads import Place
from tests.services.run import make_folder

INSPECT = """
import sys, django
django.setup()
from files.uploads.tasks import validate_file
validate_file(int(sys.argv[1]))
"""


@contextmanager
def release_hub(cluster: Cluster, folder: Path, small: Path, large: Path, rows: int) -> Iterator[Peer]:
    data = make_folder(folder / "data")
    environment = hub_environment(Setup(WEB_PROCESSES, 1, 16), cluster.new_database("hub"), data)
    environment |= {"DJANGO_SETTINGS_MODULE": "releasehub.settings.base"}
    seeded = seed_hub(environment, rows)
    run_python(environment, "manage.py", "collectstatic", "--noinput", "-v0")
    with serving(environment, WEB_PROCESSES, folder / "log") as server:
        paths = [store(server.port, seeded, file.read_bytes()) for file in (small, large)]
        # A worker inspects large files, and none runs here.
        run_python(environment, "-c", INSPECT, paths[1].split("/")[3])
        yield described(server.port, server.pid, seeded, paths, make_folder(folder / "none"))


def described(port: int, pid: int, seeded: Seeded, paths: list[str], nothing: Path) -> Peer:
    key, versions = {"XF-Api-Key": seeded.key}, "/api/mc-dm-versions/"
    return Peer(
        "ReleaseHub",
        {
            LIST: LoadJob(port, f"{versions}?download_id={seeded.heavy}", key),
            DETAIL: LoadJob(port, f"{versions}{seeded.version}/", key),
            CREATE: LoadJob(port, versions, key, (seeded.others_first, seeded.others_count)),
            SMALL_DOWNLOAD: LoadJob(port, paths[0]),
        },
        {"ReleaseHub": pid},
        upload=Place(port, "/api/mc-dm-files/", nothing, key, {"version_id": str(seeded.upload_version)}),
        large=LoadJob(port, paths[1]),
    )
