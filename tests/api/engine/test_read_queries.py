"""The number of queries that a read takes, which does not depend on the number of versions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from files.models import File
from tests.api.engine.conftest import Engine
from tests.api.engine.test_read import sums
from tests.conftest import ApiClient
from tests.factories import make_file, make_key, make_user
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
QUERIES = {
    "/version": 5,
    "/versions": 5,
    "/version/": 5,
    "/version_file/": 5,
    "/version/latest": 6,
    "/version_files": 7,
    "/version_file/update": 7,
}


@dataclass
class EngineWithRows:
    engine: Engine
    versions: list[Version]


def engine_with_rows(rows: int) -> EngineWithRows:
    """Create versions with two files each, one of which has the same content in all versions."""
    engine = Engine()
    versions = [engine.file(f"{number}.0.0", content=b"same").version for number in range(rows)]
    for version in versions:
        make_file(version)
    return EngineWithRows(engine, versions)


SIZES = {"one row": partial(engine_with_rows, 1), "three rows": partial(engine_with_rows, 3)}


@pytest.mark.parametrize("ready", SIZES.values(), indirect=True, ids=list(SIZES), scope="module")
def test_query_count_of_reads_is_constant(world: EngineWithRows) -> None:
    engine, made = world.engine, world.versions
    urls = {path: path for path in QUERIES} | {
        "/versions": "/versions?ids=" + ",".join(version.public_id for version in made),
        "/version/": f"/version/{made[0].public_id}",
        "/version_file/": f"/version_file/{sums(b'same')['sha512']}",
        "/version_file/update": f"/version_file/{sums(b'same')['sha512']}/update",
    }
    body = {"hashes": [file.blob.sha256 for file in File.objects.select_related("blob") if file.blob][:100]}
    wrong = {}
    for client, extra in ((engine.client, 0), (engine.guest, 1), (ApiClient(make_key(make_user())), 0)):
        client.get("/version")  # the key's last use is written once a minute
        for path, url in urls.items():
            with CaptureQueriesContext(connection) as queries:
                answer = client.send("post", url, body) if path.endswith(("files", "update")) else client.get(url)
            assert answer.status_code == 200, path
            if len(queries) > QUERIES[path] - extra:
                wrong[path, extra] = len(queries)
    assert wrong == {}
