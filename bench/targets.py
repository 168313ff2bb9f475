"""The benchmark targets: the requests of both sides, and the ratio that each target has to reach."""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass

from bench.load import Job
from bench.plan import FILENAME, Seeded
from tests.services.processes import HOST

UPLOAD = "upload"


@dataclass(frozen=True)
class Target:
    """A pair of requests to compare.

    `budget` and `aim` are ratios: requests per second of ReleaseHub divided by those of the baseline.
    """

    name: str
    hub: Job
    baseline: Job
    budget: float | None = None
    aim: float | None = None


def targets(hub: int, baseline: int, seeded: Seeded) -> Iterator[Target]:
    """Yield all targets. `hub` and `baseline` are the ports of the two servers."""
    key, reader = {"XF-Api-Key": seeded.key}, {"XF-Api-Key": seeded.reader_key}
    versions = f"/api/mc-dm-versions/?download_id={seeded.heavy}"
    first = Job(baseline, "/versions/?download_id=1")
    creates_in = (seeded.others_first, seeded.others_count)
    last_page = seeded.heavy_versions // 20
    yield Target("list", Job(hub, versions, key), first, 0.40, 0.60)
    yield Target("list, reader's key", Job(hub, versions, reader), first, 0.40, 0.60)
    yield Target("list, anonymous", Job(hub, versions), first)
    yield Target("list, deep page", Job(hub, f"{versions}&page={last_page * 9 // 10}", key), first)
    detail = Job(baseline, f"/versions/{seeded.version}/")
    yield Target("detail", Job(hub, f"/api/mc-dm-versions/{seeded.version}/", key), detail, 0.30, 0.50)
    new = Job(baseline, "/versions/", creates_in=creates_in)
    yield Target("create", Job(hub, "/api/mc-dm-versions/", key, creates_in), new, 0.20, 0.35)
    permalink = f"/d/{seeded.heavy_slug}/{seeded.number}/{FILENAME}"
    link = Job(baseline, permalink)
    yield Target("redirect, file address", Job(hub, f"/api/mc-dm-files/{seeded.file}/download/"), link)
    if is_served(Job(hub, permalink)):
        yield Target("redirect, permalink", Job(hub, permalink), link, 0.60, 0.80)
    updates = f"/api/updates/{seeded.heavy_slug}"
    if is_served(Job(hub, updates)):
        yield Target("update check", Job(hub, f"{updates}?version=1.1&platform=linux"), detail, 0.40, 0.70)
        yield Target(
            "update check, nothing newer", Job(hub, f"{updates}?version=1.{seeded.heavy_versions * 9}"), detail
        )
        yield Target("latest", Job(hub, updates), detail)
    page = Job(hub, f"/downloads/{seeded.heavy_slug}.{seeded.heavy}/")
    if is_served(page):
        yield Target("download page", page, first, 0.40, 0.60)


def is_served(job: Job) -> bool:
    """Return True if this version of ReleaseHub has the URL."""
    connection = http.client.HTTPConnection(HOST, job.port, timeout=20)
    connection.request("GET", job.path)
    status = connection.getresponse().status
    connection.close()
    return status < 400
