"""Lists of downloads with filters, an order and pages, for the search and for every page that lists downloads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from downloads.category_tree import CategoryTree
from releasehub.core.actor import Actor
from releasehub.distribution.annotations import current_version_numbers
from releasehub.pages.contexts import cards_of
from releasehub.pages.parameters import page_of_rows
from releasehub.search.criteria import Age, Criteria, Sort
from releasehub.search.facets import NARROWING, fold_value
from releasehub.search.models import Facet
from releasehub.search.queries import Narrowing, SearchResult, count_values, search_downloads
from versions.platforms import platform_name

MAX_TEXT_CHARACTERS = 200
MAX_CHOICES = 10


@dataclass(frozen=True)
class Choice:
    """A link that changes a list. The count is unknown for an order."""

    label: str
    url: str
    count: int | None = None
    is_active: bool = False


@dataclass(frozen=True)
class Menu:
    title: str
    choices: list[Choice]


@dataclass(frozen=True)
class Listing:
    """Everything that the template of a list shows.

    Attributes:
        menus: One for each facet that can narrow the list further.
        chips: One for each active filter. Its link removes the filter.
        parameters: The filters and the order as parameters of a URL, without the text.
        current_numbers: The numbers of their current versions by the ID of the download.
    """

    criteria: Criteria
    result: SearchResult
    menus: list[Menu]
    sorts: Menu
    chips: list[Choice]
    parameters: dict[str, str]
    page: Page[Any]
    current_numbers: dict[int, str]
    all_url: str
    corrected_url: str

    @property
    def total(self) -> int:
        return len(self.result.download_ids)


def listing_of(
    request: HttpRequest, actor: Actor, path: str, fixed: Criteria | None = None, tree: CategoryTree | None = None
) -> Listing:
    """Return the list that the query string selects.

    Args:
        fixed: Criteria that all downloads on this page meet, so the visitor cannot change them.
        tree: The visible categories, if they were loaded already.
    """
    fixed, tree = fixed or Criteria(), tree or CategoryTree(actor)
    criteria = criteria_of(request.GET, fixed, tree)
    result = search_downloads(actor, criteria, tree)
    links = Links(path, fixed, criteria)
    page = page_of_rows(request, result.download_ids)
    found = cards_of(page.object_list)
    page.object_list = [found[pk] for pk in page.object_list if pk in found]
    return Listing(
        criteria=criteria,
        result=result,
        menus=menus_of(links, result, count_values(result.download_ids, tree), tree),
        sorts=Menu(str(Sort(criteria.order).label), list(_sorts(links))),
        chips=list(_chips(links)),
        parameters={name: value for name, value in links.parameters.items() if name != "q"},
        page=page,
        current_numbers=current_version_numbers(found),
        all_url=links.without_filters(),
        corrected_url=links.to(q=result.corrected_text),
    )


def criteria_of(values: Mapping[str, str], fixed: Criteria, tree: CategoryTree) -> Criteria:
    """Return the criteria of a query string. Invalid values are ignored."""

    def text(name: str) -> str:
        return values.get(name, "").replace("\0", "").strip()[:MAX_TEXT_CHARACTERS]

    facets = {kind.value: fold_value(kind, text(kind)) for kind in NARROWING}
    age, sort = text("updated"), text("sort")
    return replace(
        fixed,
        text=text("q"),
        category=fixed.category or tree.find(text("category")),
        facets=dict(fixed.facets) | {kind: value for kind, value in facets.items() if value},
        updated=int(age) if age in map(str, Age.values) else None,
        sort=sort if sort in Sort.values else "",
    )


class Links:
    """The URLs of the same page with other filters."""

    def __init__(self, path: str, fixed: Criteria, criteria: Criteria) -> None:
        self.path, self.fixed, self.criteria = path, fixed, criteria
        values = {"q": criteria.text, "category": "" if fixed.category else getattr(criteria.category, "slug", "")}
        values |= {kind: value for kind, value in criteria.facets.items() if kind not in fixed.facets}
        values |= {"updated": str(criteria.updated or ""), "sort": criteria.sort}
        self.parameters = {name: value for name, value in values.items() if value}

    def to(self, **changes: str) -> str:
        query = urlencode({name: value for name, value in (self.parameters | changes).items() if value})
        return f"{self.path}?{query}" if query else self.path

    def without_filters(self) -> str:
        return self.to(**dict.fromkeys(self.filters, ""))

    @property
    def filters(self) -> list[str]:
        return [name for name in self.parameters if name not in {"q", "sort"}]


def menus_of(links: Links, result: SearchResult, narrowing: Narrowing, tree: CategoryTree) -> list[Menu]:
    """Return the facets that can narrow the list. A value that all found downloads share is left out."""
    criteria, menus = links.criteria, []
    if links.fixed.category is None:
        nodes = tree.children(criteria.category)
        counted = [(node.title, links.to(category=node.slug), narrowing.categories[node.pk]) for node in nodes]
        menus.append((_("Category"), counted))
    titles = {Facet.Kind.PLATFORM: _("Platform"), Facet.Kind.LICENSE: _("License"), Facet.Kind.CHANNEL: _("Channel")}
    for kind in NARROWING:
        if kind not in criteria.facets:
            rows = narrowing.facets.get(kind, [])
            menus.append((titles[kind], [(row.label, links.to(**{kind.value: row.value}), row.count) for row in rows]))
    if criteria.updated is None:
        ages = [(str(age.label), links.to(updated=str(age.value)), narrowing.ages[age.value]) for age in Age]
        menus.append((_("Updated"), ages))
    total = len(result.download_ids) if not result.is_cut else None
    narrowed = [(title, [Choice(*row) for row in rows if row[2] and row[2] != total]) for title, rows in menus]
    return [Menu(title, choices[:MAX_CHOICES]) for title, choices in narrowed if choices]


def _sorts(links: Links) -> Iterable[Choice]:
    for sort in Sort:
        if links.criteria.text or sort != Sort.RELEVANCE:
            yield Choice(str(sort.label), links.to(sort=sort.value), is_active=sort == links.criteria.order)


def _chips(links: Links) -> Iterable[Choice]:
    criteria = links.criteria
    labels = {Facet.Kind.PLATFORM.value: platform_name}
    for name in links.filters:
        if name == "category" and criteria.category is not None:
            label = criteria.category.title
        elif name == "updated" and criteria.updated is not None:
            label = str(Age(criteria.updated).label)
        else:
            label = labels.get(name, str)(criteria.facets[name])
        yield Choice(label, links.to(**{name: ""}))
