"""Search for downloads, and list them with filters."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from downloads.category_tree import CategoryTree
from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.core.ids import as_subquery
from releasehub.search import index
from releasehub.search.criteria import ORDERS, Age, Criteria, Sort
from releasehub.search.facets import FacetCount, count_facets
from releasehub.search.spelling import corrected
from releasehub.search.words import query_words

MAX_WORDS = 16
MAX_RESULTS = 500


@dataclass(frozen=True)
class SearchResult:
    """The downloads that a search found.

    Attributes:
        download_ids: The IDs of at most MAX_RESULTS downloads that the actor may see, in the order of the criteria.
        is_cut: Whether there may be more.
        corrected_text: The words that were searched for instead, if the text had none but misspelled words.
        matches_without_filters: Whether nothing was found because of the filters only.
    """

    download_ids: list[int] = field(default_factory=list)
    is_cut: bool = False
    corrected_text: str = ""
    matches_without_filters: bool = False


@dataclass(frozen=True)
class Narrowing:
    """The numbers of found downloads for each value by which the list can be narrowed.

    Attributes:
        categories: By the ID of each visible category, with those below it.
        ages: By the longest time since the last update, in days.
        facets: By the kind of the facet.
    """

    categories: Counter[int]
    ages: Counter[int]
    facets: dict[str, list[FacetCount]]


def search_downloads(actor: Actor, criteria: Criteria, tree: CategoryTree | None = None) -> SearchResult:
    """Return the downloads that match the filters and have every word; the last letters of a word may be missing.

    If nothing matches, words that occur nowhere are replaced by similar ones. Words after the first MAX_WORDS are
    ignored. The number of queries does not depend on the number of matches.
    """
    tree = tree or CategoryTree(actor)
    words = query_words(criteria.text)[:MAX_WORDS]
    if not words and criteria.text:
        return SearchResult()
    if (found := _find(actor, criteria, words, tree)) or not words:
        return _result(found)
    if criteria.has_filters and _find(actor, criteria.without_filters(), words, tree):
        return SearchResult(matches_without_filters=True)
    similar = corrected(words)
    if similar == words:
        return SearchResult()
    found = _find(actor, criteria, similar, tree)
    return _result(found, " ".join(similar)) if found else SearchResult()


def count_values(download_ids: Collection[int], tree: CategoryTree) -> Narrowing:
    """Count the values of the downloads that a search found, with two queries."""
    categories: Counter[int] = Counter()
    ages: Counter[int] = Counter()
    now = timezone.now()
    recent = {f"days_{age}": Count("pk", filter=Q(last_update_at__gte=now - timedelta(days=age))) for age in Age.values}
    rows = Download.objects.filter(pk__in=as_subquery(download_ids)).order_by().values_list("category_id")
    for category_id, total, *updated in rows.annotate(Count("pk"), **recent):
        categories[category_id] = total
        ages.update(dict(zip(Age.values, updated, strict=True)))
    return Narrowing(tree.totals(categories), ages, count_facets(download_ids))


def _find(actor: Actor, criteria: Criteria, words: Sequence[str], tree: CategoryTree) -> list[int]:
    """Return the IDs of one download more than the result has at most, if there are that many."""
    rows = criteria.rows(actor, tree)
    with index.quick_planning(actor):
        if words and criteria.order == Sort.RELEVANCE:
            is_narrow = criteria.has_filters or criteria.owner is not None or criteria.organization is not None
            return index.ranked(words, rows, MAX_RESULTS + 1, is_narrow=is_narrow)
        if words:
            rows = rows.filter(pk__in=index.matching(words))
        return list(rows.order_by(*ORDERS[criteria.order]).values_list("pk", flat=True)[: MAX_RESULTS + 1])


def _result(found: list[int], corrected_text: str = "") -> SearchResult:
    return SearchResult(found[:MAX_RESULTS], len(found) > MAX_RESULTS, corrected_text)
