"""The benchmark targets: the requests of both sides, and the ratio that each target has to reach."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.load import LoadJob
from bench.plan import FILENAME, Seeded
from tests.services.processes import HOST

Fetch = Callable[[LoadJob], tuple[int, bytes]]  # the status and the body of the response
UPLOAD = "upload"
# The cookie against forged requests makes a request bypass the cache of anonymous responses, and costs nothing itself.
UNCACHED = {"Cookie": f"csrftoken={'b' * 32}"}


@dataclass(frozen=True)
class BenchmarkTarget:
    """A pair of requests to compare.

    `budget` and `aim` are ratios: requests per second of ReleaseHub divided by those of the baseline.
    """

    name: str
    hub: LoadJob
    baseline: LoadJob
    budget: float | None = None
    aim: float | None = None


def fetch_by_http(job: LoadJob) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, job.port, timeout=20)
    connection.request("GET", job.path, headers=job.headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def targets(hub: int, baseline: int, seeded: Seeded, fetch: Fetch = fetch_by_http) -> Iterator[BenchmarkTarget]:
    """Yield all targets. `hub` and `baseline` are the ports of the two servers."""
    key, reader = {"XF-Api-Key": seeded.key}, {"XF-Api-Key": seeded.reader_key}
    versions = f"/api/mc-dm-versions/?download_id={seeded.heavy}"
    first = LoadJob(baseline, "/versions/?download_id=1")
    creates_in = (seeded.others_first, seeded.others_count)
    last_page = seeded.heavy_versions // 20
    yield BenchmarkTarget("list", LoadJob(hub, versions, key), first, 0.40, 0.60)
    yield BenchmarkTarget("list, reader's key", LoadJob(hub, versions, reader), first, 0.40, 0.60)
    yield BenchmarkTarget("list, anonymous", LoadJob(hub, versions), first)
    deep = LoadJob(hub, f"{versions}&page={last_page * 9 // 10}", key)
    yield BenchmarkTarget("list, deep page", deep, first)
    yield BenchmarkTarget(
        "list, deep cursor", LoadJob(hub, f"{versions}&after={next_cursor(fetch(deep)[1])}", key), first
    )
    detail = LoadJob(baseline, f"/versions/{seeded.version}/")
    yield BenchmarkTarget("detail", LoadJob(hub, f"/api/mc-dm-versions/{seeded.version}/", key), detail, 0.30, 0.50)
    new = LoadJob(baseline, "/versions/", creates_in=creates_in)
    yield BenchmarkTarget("create", LoadJob(hub, "/api/mc-dm-versions/", key, creates_in), new, 0.20, 0.35)
    # One download, so that every writer waits for the lock of the one before.
    one = LoadJob(hub, "/api/mc-dm-versions/", key, (seeded.others_first, 1))
    yield BenchmarkTarget("create, all in one download", one, new)
    permalink = f"/d/{seeded.heavy_slug}/{seeded.number}/{FILENAME}"
    link = LoadJob(baseline, permalink)
    yield BenchmarkTarget("redirect, file address", LoadJob(hub, f"/api/mc-dm-files/{seeded.file}/download/"), link)
    if fetch(LoadJob(hub, permalink))[0] < 400:
        yield BenchmarkTarget("redirect, permalink", LoadJob(hub, permalink), link, 0.60, 0.80)
    updates = f"/api/updates/{seeded.heavy_slug}"
    if fetch(LoadJob(hub, updates))[0] < 400:
        yield BenchmarkTarget("update check", LoadJob(hub, f"{updates}?version=1.1&platform=linux"), detail, 0.40, 0.70)
        yield BenchmarkTarget(
            "update check, nothing newer", LoadJob(hub, f"{updates}?version=1.{seeded.heavy_versions * 9}"), detail
        )
        check = f"{updates}?version=1.1&platform=linux"
        yield BenchmarkTarget("update check, uncached", LoadJob(hub, check, UNCACHED), detail)
        yield BenchmarkTarget("latest", LoadJob(hub, updates), detail)
        yield BenchmarkTarget("latest, uncached", LoadJob(hub, updates, UNCACHED), detail)
    page = f"/downloads/{seeded.heavy_slug}.{seeded.heavy}/"
    if fetch(LoadJob(hub, page))[0] < 400:
        yield BenchmarkTarget("download page", LoadJob(hub, page), first, 0.40, 0.60)
        yield BenchmarkTarget("download page, uncached", LoadJob(hub, page, UNCACHED), first)
    yield from github_targets(hub, baseline, seeded, fetch)
    yield from targets_of_everything(hub, first, seeded)


def targets_of_everything(hub: int, first: LoadJob, seeded: Seeded) -> Iterator[BenchmarkTarget]:
    """Yield lists across downloads, whose cost is the selection of what the caller may see."""
    key = {"XF-Api-Key": seeded.reader_key}
    paths = {
        "mc-dm downloads": "/api/mc-dm-downloads/",
        "mc-dm categories": "/api/mc-dm-categories/",
        "v3 products": "/v3/products?limit=20",
        "v3 releases": "/v3/releases?limit=20",
        "engine versions": "/version?limit=20",
        "front page, uncached": "/",
    }
    for name, path in paths.items():
        headers = UNCACHED if path == "/" else key
        yield BenchmarkTarget(f"everything, {name}", LoadJob(hub, path, headers), first)


def github_targets(hub: int, baseline: int, seeded: Seeded, fetch: Fetch) -> Iterator[BenchmarkTarget]:
    """Yield the targets of the GitHub API, if this version of ReleaseHub has it."""
    key = {"Authorization": f"token {seeded.key}"}
    repository = f"owner/{seeded.heavy_slug}"
    releases = f"/api/v3/repos/{repository}/releases"
    if fetch(LoadJob(hub, releases))[0] < 400:
        rows = LoadJob(baseline, "/versions/?download_id=1")
        detail = LoadJob(baseline, f"/versions/{seeded.version}/")
        link = LoadJob(baseline, f"/d/{seeded.heavy_slug}/{seeded.number}/{FILENAME}")
        yield BenchmarkTarget("GitHub API, list", LoadJob(hub, f"{releases}?per_page=20", key), rows)
        yield BenchmarkTarget("GitHub API, latest", LoadJob(hub, f"{releases}/latest", key), detail)
        asset = f"/{repository}/releases/download/v{seeded.number}/{FILENAME}"
        yield BenchmarkTarget("GitHub address, file by tag", LoadJob(hub, asset), link)


def next_cursor(body: bytes) -> str:
    """Return the cursor of the page that follows a page of a list."""
    return str(json.loads(body)["pagination"]["next"])
