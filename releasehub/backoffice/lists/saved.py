"""Filters that staff save under a name, each for one list and for themselves."""

from django.db.models import QuerySet
from django.http import QueryDict

from releasehub.accounts.models import User
from releasehub.backoffice.models import SavedFilter
from releasehub.core.clean import strip_controls
from releasehub.core.errors import Invalid
from releasehub.core.numbers import read_number

MAX_FILTERS = 50  # for one user and list
PAGE = "p"  # a parameter of Django's list that does not filter


def filters_of(user: User, model: str) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.filter(user=user, model=model).order_by("name")


def save_filter(*, user: User, model: str, name: str, query: str) -> SavedFilter:
    """Save the query of a list under the name. A filter of that name is replaced. An empty query shows all rows."""
    name, query = strip_controls(name).strip(), clean_query(query)
    if not 0 < len(name) <= SavedFilter.MAX_NAME_CHARACTERS:
        raise Invalid("Enter a name of 1 to 60 characters for the filter.", field="name")
    if len(query) > SavedFilter.MAX_QUERY_CHARACTERS:
        raise Invalid("This filter is too long to be saved. Shorten the search.", field="query")
    rows = filters_of(user, model)
    if rows.exclude(name=name).count() >= MAX_FILTERS:
        raise Invalid(f"You have {MAX_FILTERS} filters for this list. Delete one first.", field="name")
    return SavedFilter.objects.update_or_create(user=user, model=model, name=name, defaults={"query": query})[0]


def delete_filter(*, user: User, model: str, pk: str) -> None:
    """Delete a filter of the user. Others are not found, and nothing happens."""
    filters_of(user, model).filter(pk=read_number(pk) or 0).delete()


def clean_query(query: str) -> str:
    """Return the query string without the number of the page."""
    values = QueryDict(query, mutable=True)
    values.pop(PAGE, None)
    return values.urlencode()
