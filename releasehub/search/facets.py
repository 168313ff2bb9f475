"""The values by which lists are filtered: platforms, licenses, channels and tags. See also `criteria.py`."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet

from downloads.models import Download
from releasehub.core.ids import as_subquery
from releasehub.search.models import MAX_VALUE_CHARACTERS, Facet
from releasehub.search.words import fold_text
from versions.platforms import fold_platform, platform_name

BATCH_ROWS = 2000
NARROWING = (Facet.Kind.PLATFORM, Facet.Kind.LICENSE, Facet.Kind.CHANNEL)  # the kinds that have a menu


@dataclass(frozen=True)
class FacetCount:
    """A value and how many of the found downloads have it."""

    value: str
    label: str
    count: int


def fold_value(kind: str, text: str) -> str:
    """Return the form in which values are compared: without case, accents and extra spaces."""
    folded = " ".join(fold_text(text.replace("\0", "")).split())
    return (fold_platform(folded) if kind == Facet.Kind.PLATFORM else folded)[:MAX_VALUE_CHARACTERS]


def facets_of(download: Download, *, platforms: Iterable[str], channels: Iterable[str]) -> list[Facet]:
    """Return the rows of a download. The platforms and channels are those of its listed versions."""
    texts: dict[str, Iterable[Any]] = {
        Facet.Kind.PLATFORM: platforms,
        Facet.Kind.LICENSE: [download.license],
        Facet.Kind.CHANNEL: channels,
        Facet.Kind.TAG: download.tags,
    }
    rows: dict[tuple[str, str], Facet] = {}
    for kind, spellings in texts.items():
        for spelling in map(str, spellings):
            value = fold_value(kind, spelling)
            label = platform_name(value) if kind == Facet.Kind.PLATFORM else spelling.strip()[:MAX_VALUE_CHARACTERS]
            if value:
                rows.setdefault((kind, value), Facet(download_id=download.pk, kind=kind, value=value, label=label))
    return list(rows.values())


def store_facets(download_ids: Collection[int], facets: Iterable[Facet]) -> None:
    Facet.objects.filter(download_id__in=download_ids).delete()
    Facet.objects.bulk_create(facets, batch_size=BATCH_ROWS)


def downloads_with(kind: str, value: str) -> QuerySet[Facet, int]:
    """Return the IDs of all downloads with a value, as a subquery. The actor may not see all of them."""
    return Facet.objects.filter(kind=kind, value=value).values_list("download_id", flat=True)


def count_facets(download_ids: Collection[int]) -> dict[str, list[FacetCount]]:
    """Return the values of these downloads by kind, the most frequent ones first, with one query."""
    found: dict[str, list[FacetCount]] = defaultdict(list)
    rows = Facet.objects.filter(download_id__in=as_subquery(download_ids), kind__in=NARROWING).values_list(
        "kind", "value"
    )
    counted: QuerySet[Facet, Any] = rows.annotate(Max("label"), count=Count("*")).order_by("-count", "value")
    for kind, value, label, count in counted:
        found[kind].append(FacetCount(value, label, count))
    return found
