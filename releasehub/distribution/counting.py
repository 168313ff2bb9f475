"""Counting downloads off the request: a row for each grant, folded by a worker into days and totals."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from downloads.models import Download
from files.models import DownloadDay, DownloadGrant, File
from releasehub.core.requests import address_of
from releasehub.core.sql_templates import insert
from releasehub.distribution.ranges import begins_later
from versions.models import Version

REPEAT = timedelta(hours=1)
BATCH = 2000
_BOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|monitor|uptime|scan|facebookexternalhit|headless|lighthouse", re.IGNORECASE
)


def record_grant(request: HttpRequest, file: File) -> None:
    """Note that the bytes were granted; one insert. Continued ranges and HEAD are no download."""
    if is_download(request):
        agent = request.headers.get("User-Agent", "")
        grant = DownloadGrant(file_id=file.pk, visitor=visitor_of(request), is_bot=bool(_BOTS.search(agent)))
        insert(grant, wait_for_disk=False)


def is_download(request: HttpRequest) -> bool:
    """It asks for bytes from their beginning."""
    return request.method == "GET" and not begins_later(request.headers.get("Range", ""))


def fold_grants() -> int:
    """Count what was granted since the last time; returns how many grants were folded. Safe beside another worker."""
    folded = 0
    while done := _fold_batch():
        folded += done
    DownloadGrant.objects.filter(is_folded=True, granted_at__lt=timezone.now() - 2 * REPEAT).delete()
    return folded


@transaction.atomic
def _fold_batch() -> int:
    """Days, totals and the marks on the grants commit together, so that none counts twice or not at all."""
    grants = list(DownloadGrant.objects.select_for_update().filter(is_folded=False).order_by("id")[:BATCH])
    if not grants:
        return 0
    counted = _first_of_the_hour(grants)
    numbers = {grant.pk for grant in counted}
    people = Counter((grant.file_id, grant.granted_at.date()) for grant in counted if not grant.is_bot)
    bots = Counter((grant.file_id, grant.granted_at.date()) for grant in counted if grant.is_bot)
    _add_totals(_by_file(people))
    _add_days(people, bots)
    rows = DownloadGrant.objects.filter(pk__in=[grant.pk for grant in grants])
    rows.update(is_folded=True)
    rows.filter(pk__in=numbers).update(is_counted=True)
    return len(grants)


def _first_of_the_hour(grants: list[DownloadGrant]) -> list[DownloadGrant]:
    """Without those of a visitor whose download of the same file was counted within the hour before."""
    since = min(grant.granted_at for grant in grants) - REPEAT
    earlier = DownloadGrant.objects.filter(
        is_counted=True, granted_at__gt=since, file__in={grant.file_id for grant in grants}
    )
    last: dict[tuple[int, str], datetime] = {}
    for file_id, visitor, moment in earlier.order_by("granted_at").values_list("file", "visitor", "granted_at"):
        last[file_id, visitor] = moment
    counted = []
    for grant in sorted(grants, key=lambda grant: (grant.granted_at, grant.pk)):
        before = last.get((grant.file_id, grant.visitor))
        if before is None or grant.granted_at - before >= REPEAT:
            last[grant.file_id, grant.visitor] = grant.granted_at
            counted.append(grant)
    return counted


def _by_file(days: Counter[tuple[int, Any]]) -> Counter[int]:
    totals: Counter[int] = Counter()
    for (file_id, _), number in days.items():
        totals[file_id] += number
    return totals


def _add_totals(by_file: Counter[int]) -> None:
    """Download before version before file, as everywhere, so that no two writers cross."""
    files = File.all_objects.filter(pk__in=by_file).values_list("pk", "version", "version__download")
    by_version: Counter[int] = Counter()
    by_download: Counter[int] = Counter()
    for file_id, version_id, download_id in files:
        by_version[version_id] += by_file[file_id]
        by_download[download_id] += by_file[file_id]
    _raise(Download.all_objects.all(), by_download)
    _raise(Version.all_objects.all(), by_version)
    _raise(File.all_objects.all(), by_file)


def _raise(rows: models.QuerySet[Any], numbers: Counter[int]) -> None:
    for pk, number in sorted(numbers.items()):
        if number:
            rows.filter(pk=pk).update(download_count=F("download_count") + number)


def _add_days(people: Counter[Any], bots: Counter[Any]) -> None:
    keys = sorted(people.keys() | bots.keys())
    DownloadDay.objects.bulk_create(
        [DownloadDay(file_id=file_id, day=day) for file_id, day in keys], ignore_conflicts=True
    )
    for file_id, day in keys:
        DownloadDay.objects.filter(file=file_id, day=day).update(
            downloads=F("downloads") + people[file_id, day], bot_downloads=F("bot_downloads") + bots[file_id, day]
        )


def visitor_of(request: HttpRequest) -> str:
    """Tells visitors apart for a day without keeping who they are."""
    agent = request.headers.get("User-Agent", "")
    text = f"{timezone.now().date()} {address_of(request) or ''} {agent}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
