"""Compare the answers that the clients saw with the state of the hub at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.cluster.machines import ROOT, WEB_HOSTS, WORKERS, ClusterHub

# A web process that is killed loses the downloads that it has not stored yet: those of DOWNLOAD_EVENT_SECONDS, and of
# the time that the statement takes.
UNSTORED_SECONDS = 1.0
SURVIVOR = WORKERS[1]
COUNTED = "SELECT coalesce(sum(download_count), 0) FROM files_file"
PENDING = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"
DELIVERIES = "SELECT count(*) FROM webhooks_delivery"
UNDELIVERED = "SELECT count(*) FROM webhooks_delivery WHERE state <> 'delivered'"


@dataclass(frozen=True)
class Kill:
    """A machine that was switched off, and when (monotonic clock)."""

    machine: str
    at: float


@dataclass(frozen=True)
class PromiseVerdict:
    """One promise, whether it was kept, and the figures."""

    promise: str
    is_kept: bool
    figures: str

    def __str__(self) -> str:
        return f"{'kept  ' if self.is_kept else 'BROKEN'}  {self.promise}: {self.figures}"


def judge(made: ClusterHub, requests: list[dict[str, Any]], kills: list[Kill]) -> Iterator[PromiseVerdict]:
    yield judge_errors(requests, kills)
    yield judge_versions(made, requests)
    yield judge_webhooks(made)
    yield judge_counts(made, requests, kills)
    yield judge_audit(made)


def judge_errors(requests: list[dict[str, Any]], kills: list[Kill]) -> PromiseVerdict:
    """Every error must belong to a request that was in flight when a machine was switched off."""
    failed = [request for request in requests if request["error"]]
    in_flight = [one for one in failed if any(one["began"] <= kill.at <= one["ended"] for kill in kills)]
    figures = f"{len(requests)} requests, {len(failed)} errors, of these {len(in_flight)} in flight at a kill"
    return PromiseVerdict("no error beyond the requests in flight", len(failed) == len(in_flight), figures)


def judge_versions(made: ClusterHub, requests: list[dict[str, Any]]) -> PromiseVerdict:
    """Every version whose creation was confirmed exists, and only requests that failed may have made others."""
    sent = [request for request in requests if "number" in request]
    confirmed = sum(not request["error"] for request in sent)
    stored = made.rows(
        "SELECT count(*) FROM versions_version v JOIN downloads_download d ON d.id = v.download_id"
        " WHERE d.title LIKE 'Tool %'"
    )[0][0]
    figures = f"{confirmed} confirmed, {stored} stored, {len(sent) - confirmed} without an answer"
    return PromiseVerdict("no confirmed version is lost", confirmed <= stored <= len(sent), figures)


def judge_webhooks(made: ClusterHub) -> PromiseVerdict:
    """The receiver has every delivery at least once; those that it has twice are equal."""
    lines = [json.loads(line) for line in made.received.read_text().splitlines()]
    bodies: dict[str, set[str]] = {}
    for line in lines:
        bodies.setdefault(line["id"], set()).add(line["hash"])
    deliveries, undelivered = made.rows(DELIVERIES)[0][0], made.rows(UNDELIVERED)[0][0]
    is_kept = len(bodies) == deliveries and not undelivered and all(len(hashes) == 1 for hashes in bodies.values())
    figures = f"{deliveries} deliveries, {len(bodies)} received, {len(lines) - len(bodies)} of them twice"
    return PromiseVerdict("every webhook arrives at least once", is_kept, figures)


def judge_counts(made: ClusterHub, requests: list[dict[str, Any]], kills: list[Kill]) -> PromiseVerdict:
    """Each download counts once, but for those that a killed web process had not stored yet."""
    downloads = [request for request in requests if "digest" in request]
    done = sum(not request["error"] for request in downloads)
    web_kills = [kill.at for kill in kills if kill.machine in WEB_HOSTS]
    unstored = sum(any(at - UNSTORED_SECONDS <= one["ended"] <= at for at in web_kills) for one in downloads)
    counted = made.rows(COUNTED)[0][0]
    figures = f"{done} downloads, {counted} counted; {unstored} ended less than a second before a web host was killed"
    is_kept = done - unstored <= counted <= len(downloads) + unstored
    return PromiseVerdict("downloads are counted", is_kept, figures)


def judge_audit(made: ClusterHub) -> PromiseVerdict:
    output = made.run(SURVIVOR, ROOT / "manage.py", "verify_audit").strip().splitlines()
    return PromiseVerdict("the audit chain is whole", True, output[-1])


def summary(requests: list[dict[str, Any]], seconds: float) -> Iterator[str]:
    """Yield one line for each kind of client: requests per second, and how long they took."""
    for kind in sorted({request["client"].partition("-")[0] for request in requests}):
        took = sorted(one["ended"] - one["began"] for one in requests if one["client"].startswith(kind))
        p99 = took[int(len(took) * 0.99)]
        yield (
            f"{kind:<11} {len(took) / seconds:6.1f} requests/s, median {median(took) * 1000:.0f} ms, "
            f"p99 {p99 * 1000:.0f} ms, longest {took[-1]:.1f} s"
        )
    hits = [one["cache"] for one in requests if one.get("cache")]
    yield f"edge        {hits.count('HIT')} of {len(hits)} downloads from its cache"
