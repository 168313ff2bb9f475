"""The stand-in of `stand_in.py` on PostgreSQL, served like ReleaseHub by Granian with two processes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.load import LoadJob
from bench.peers.peer import CREATE, DETAIL, LIST, SMALL_DOWNLOAD, Peer
from bench.servers import ROOT, Cluster, Setup, common_environment, seed_baseline, serving
from bench.uploads import Place
from tests.services.run import make_folder

KEY = "stand-in"
TABLES = """
CREATE TABLE stand_in_key (id bigserial PRIMARY KEY, digest varchar(64) UNIQUE, username varchar(100));
CREATE TABLE stand_in_asset (
    id bigserial PRIMARY KEY, name varchar(255), size bigint, sha256 varchar(64), download_count bigint DEFAULT 0
)
"""
SERVER = Setup(workers=2, threads=4, pool=0)


@contextmanager
def stand_in(cluster: Cluster, folder: Path, small: Path, large: Path, rows: int) -> Iterator[Peer]:
    url = cluster.new_database("stand_in")
    seed_baseline(url, rows)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        connection.execute("INSERT INTO stand_in_key (digest, username) VALUES (%s, 'owner')", [digest])
        for file in (small, large):
            values = [str(file), file.stat().st_size]
            connection.execute("INSERT INTO stand_in_asset (name, size, sha256) VALUES (%s, %s, '')", values)
    files = make_folder(folder / "files")
    environment = common_environment(SERVER, ROOT) | {"STAND_IN_DATABASE_URL": url, "STAND_IN_FILES": str(files)}
    application = "bench.peers.stand_in:application"
    with serving("The stand-in", application, environment, SERVER, folder / "log") as server:
        key, port = {"Authorization": f"token {KEY}"}, server.port
        new = '{"download_id": 2, "number": "%s"}'
        yield Peer(
            "stand-in (not Gitea)",
            {
                LIST: LoadJob(port, "/api/v1/releases/?download_id=1", key),
                DETAIL: LoadJob(port, "/api/v1/releases/1/", key),
                CREATE: LoadJob(port, "/api/v1/releases/", key, new_body=new),
                SMALL_DOWNLOAD: LoadJob(port, "/attachments/1"),
            },
            {"stand-in": server.pid},
            upload=Place(port, "/api/v1/assets/", files, key, {}),
            large=LoadJob(port, "/attachments/2"),
            notes=("The stand-in has no audit log, no events, no webhooks and no rights of single users.",),
        )
