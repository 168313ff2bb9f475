"""Hostile values in the URLs and forms of the admin are refused or ignored. They never cause a server error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from downloads.models import AccessKey, Download
from files.models import DownloadDay
from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.audit.models import AuditEntry
from releasehub.backoffice.read_only import MAX_NEW_ROWS
from releasehub.webhooks.models import Delivery, Endpoint
from tests.confirming import confirm_password
from tests.conftest import begin_with
from tests.crawling import templates_unrecorded
from tests.factories import make_everything, make_key, make_user
from tests.sessions import signed_in
from versions.models import Version

NUMBERS = {
    "a word": "abc",
    "too large": "9" * 30,
    "too long": "9" * 5000,
    "negative": "-1",
    "a digit of another script": "\u0663",
    "a line separator": "a\u2028",
}
MAX_PAGE_ROWS = 50
REFUSED = ("regex", "iregex", "range", "in", "contains", "startswith", "icontains", "search", "date__gte")


def build() -> dict[str, Any]:
    root = make_user("root", is_staff=True, is_superuser=True)
    make_everything(root)
    return {"root": root}


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


@pytest.fixture
def root(world: dict[str, Any]) -> Client:
    client = confirm_password(signed_in(world["root"]), world["root"])
    client.raise_request_exception = False
    return client


def status(client: Client, url: str, query: dict[str, str]) -> int:
    with templates_unrecorded():
        answer: Any = client.get(url, query)
        if answer.streaming:
            answer.getvalue()
    return int(answer.status_code)


def lists() -> Iterator[tuple[Any, str, str]]:
    """Yield each admin class with the URLs of its list and its export. The second one is empty without an export."""
    for model, options in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        try:
            export = reverse(f"{name}_export", args=["csv"])
        except NoReverseMatch:
            export = ""
        yield options, reverse(f"{name}_changelist"), export


def parameters(options: Any) -> Iterator[str]:
    for item in options.list_filter:
        if isinstance(item, type) and issubclass(item, SimpleListFilter):
            yield str(item.parameter_name)
        else:
            yield f"{item if isinstance(item, str) else item[0]}__exact"


def test_lists_and_exports_refuse_or_ignore_invalid_filters(root: Client) -> None:
    """All lists share the code that reads pages, orders and unknown names, so each list gets two of these values."""
    wrong = []
    general = cycle([{"p": "9999"}, {"p": "9" * 5000}, {"o": "99.x.-"}, {"nosuch": "1"}, {"id": "9" * 30}])
    for options, url, export in lists():
        filters = [{name: "abc"} for name in parameters(options)]
        requests = [(url, query) for query in (*islice(general, 2), *filters)]
        requests += [(export, query) for query in (next(general), *filters[:1]) if export]
        wrong += [(*request, code) for request in requests if (code := status(root, *request)) >= 500]
    assert wrong == []


def test_an_export_with_an_invalid_filter_is_refused_and_not_recorded(root: Client) -> None:
    before = AuditEntry.objects.count()
    for name in ("downloads_download", "audit_auditentry"):
        assert status(root, reverse(f"admin:{name}_export", args=["csv"]), {"created_at__gte": "soon"}) == 400
    assert AuditEntry.objects.count() == before


def test_lists_take_no_patterns_and_compare_no_texts(world: dict[str, Any]) -> None:
    """They would reveal a hidden column letter by letter, and a pattern can keep the database busy for minutes."""
    request = RequestFactory().get("/")
    request.user = world["root"]
    taken = []
    for options, _, _ in lists():
        for field in options.model._meta.concrete_fields:
            lookups = [*REFUSED, *(("gt", "lte") if field.get_internal_type() in {"CharField", "TextField"} else ())]
            taken += [
                (options.model.__name__, field.name, lookup)
                for lookup in lookups
                if options.lookup_allowed(f"{field.name}__{lookup}", "x", request)
            ]
    assert taken == []


@pytest.mark.parametrize(
    ("model", "lookup", "is_allowed"),
    [
        (Download, "owner__id__exact", True),
        (Download, "created_at__gte", True),
        (Download, "deleted", True),
        (Endpoint, "failing_since__isnull", True),
        (Endpoint, "disabled_at__isempty", True),
        (Delivery, "state__exact", True),
        (DownloadDay, "day__year", True),
        (Version, "sort_key", False),
        (AuditEntry, "address_salt", False),
        (AccessKey, "download__owner__password__startswith", False),
        (User, "password", False),
    ],
)
def test_lists_take_the_filters_that_links_of_the_hub_use(
    world: dict[str, Any], model: Any, lookup: str, is_allowed: bool
) -> None:
    request = RequestFactory().get("/")
    request.user = world["root"]
    assert admin.site.get_model_admin(model).lookup_allowed(lookup, "1", request) is is_allowed


def tables_of(page: Any) -> list[Any]:
    """Return the tables of a page that is a form."""
    is_form = page.status_code == 200 and "_save" in page.text
    return [table.formset for table in page.context["inline_admin_formsets"]] if is_form else []


def test_tables_in_forms_make_few_new_rows(root: Client) -> None:
    """The number of rows in the form of a table is an input like any other. 2,000 rows took six seconds."""
    found: dict[tuple[str, str], int] = {}
    for options, url, _ in lists():
        row = options.model._base_manager.first()
        targets = (f"{url}{row.pk}/change/", f"{url}add/") if options.inlines and row else ()
        tables = {target: shown for target in targets if (shown := tables_of(root.get(target)))}
        for target, shown in [*tables.items()][:1]:  # the page for a new row has the same tables
            sizes = {"INITIAL": "0", "TOTAL": "200"}
            form = {f"{table.prefix}-{name}_FORMS": sizes[name] for table in shown for name in sizes}
            made = tables_of(root.post(target, form))
            found |= {(target, table.prefix): len(table.forms) for table in made}
    assert len(found) > 5
    assert {key: size for key, size in found.items() if size > MAX_NEW_ROWS + MAX_PAGE_ROWS} == {}


def test_no_form_is_saved_as_a_new_row(root: Client, world: dict[str, Any]) -> None:
    """Django takes the parameter in every form. It would issue an API key without asking for the password."""
    make_key(world["root"])
    key, number = ApiKey.objects.latest("id"), ApiKey.objects.count()
    form = {"_saveasnew": "1", "name": "stolen", "user": world["root"].pk, "scopes": ["release:read"]}
    assert root.post(reverse("admin:apikeys_apikey_change", args=[key.pk]), form).status_code == 400
    assert ApiKey.objects.count() == number
    answers = {url: root.post(f"{url}{key.pk}/change/", {"_saveasnew": ""}).status_code for _, url, _ in lists()}
    assert set(answers.values()) == {400}


def test_forms_take_any_value_for_a_field_that_refers_to_a_row(root: Client) -> None:
    """One form gets every value. Each other one gets a single value, because all share the code of such a field."""
    numbers, found, codes = cycle(NUMBERS.values()), {}, {}
    for options, url, _ in lists():
        if options.autocomplete_fields:
            values = dict.fromkeys(options.autocomplete_fields, next(numbers))
            with templates_unrecorded():
                found[url] = [status(root, f"{url}add/", values), root.post(f"{url}add/", values).status_code]
    assert len(found) > 5
    assert {url: codes for url, codes in found.items() if max(codes) >= 500} == {}
    for name, number in NUMBERS.items():
        with templates_unrecorded():
            codes[name] = root.post(reverse("admin:downloads_accesskey_import"), {"download": number}).status_code
    assert codes == dict.fromkeys(NUMBERS, 200)


def test_tables_on_the_page_of_a_row_take_any_number_of_a_page(root: Client) -> None:
    tables = cycle([("downloads_download", Download, "versions-page"), ("versions_version", Version, "files-page")])
    found = {}
    for number, (name, model, parameter) in zip([*NUMBERS.values(), "\u00b2"], tables, strict=False):
        url = reverse(f"admin:{name}_change", args=[model.objects.earliest("pk").pk])
        found[number] = status(root, url, {parameter: number})
    assert found == dict.fromkeys(found, 200)


def test_actions_of_a_list_ignore_rows_that_do_not_exist(root: Client) -> None:
    selected, found = cycle(NUMBERS.values()), {}
    for options, url, _ in lists():
        for action in getattr(options, "row_actions", ())[:1]:
            with templates_unrecorded():
                values = {"action": action.name, "_selected_action": (number := next(selected)), "index": number}
                found[url, number] = root.post(url, values).status_code
    assert len(found) > 5
    assert {request: code for request, code in found.items() if code >= 500} == {}
