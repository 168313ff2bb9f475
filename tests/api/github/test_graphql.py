"""GraphQL queries as gh and Renovate send them, what each caller sees, and the limits of one query."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from graphql import build_client_schema, get_introspection_query

from downloads.services import update_download
from releasehub.api.github.graphql import execution, limits
from tests.factories import make_download, make_key, make_organization, make_user, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
BY_TAG = """query RepositoryReleaseByTag($owner: String!, $name: String!, $tagName: String!) {
  repository(owner: $owner, name: $name) { release(tagName: $tagName) { databaseId isDraft } } }"""
LIST = """query RepositoryReleaseList($owner: String!, $name: String!, $perPage: Int!, $endCursor: String,
    $direction: OrderDirection!) {
  repository(owner: $owner, name: $name) {
    releases(first: $perPage, orderBy: {field: CREATED_AT, direction: $direction}, after: $endCursor) {
      nodes { name tagName isDraft immutable isLatest isPrerelease createdAt publishedAt }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
RENOVATE = """query ($owner: String!, $name: String!, $cursor: String, $count: Int!) {
  repository(owner: $owner, name: $name) {
    isRepoPrivate: isPrivate
    payload: releases(first: $count, after: $cursor, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { version: tagName releaseTimestamp: publishedAt isDraft isPrerelease url id: databaseId name description }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
FIND_REF = """query RepositoryFindRef($owner: String!, $name: String!, $tagName: String!) {
  repository(owner: $owner, name: $name) { ref(qualifiedName: $tagName) { id } } }"""
NAMES = {"owner": "ann", "name": "tool"}


@pytest.fixture
def ann() -> Any:
    return make_user("ann")


@pytest.fixture
def download(ann: Any) -> Any:
    return make_download(ann, title="Tool", tag_line="A tool")


def ask(query: str, key: str = "", **variables: Any) -> Any:
    """Send a query and return the members of the answer."""
    headers = {"Authorization": f"token {key}"} if key else {}
    body = {"query": query, "variables": variables}
    answer = Client().post("/api/graphql", body, content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def releases(**options: Any) -> Any:
    options = {"perPage": 100, "endCursor": None, "direction": "DESC", **NAMES, **options}
    return ask(LIST, **options)["data"]["repository"]["releases"]


def test_list_of_gh_has_exactly_the_members_it_asked_for(download: Any) -> None:
    version = make_version(download, "1.0.0", title="One", files=1)
    (node,) = releases()["nodes"]
    assert node == {
        "name": "One",
        "tagName": "v1.0.0",
        "isDraft": False,
        "immutable": False,
        "isLatest": True,
        "isPrerelease": False,
        "createdAt": f"{version.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "publishedAt": f"{version.published_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def test_query_of_renovate_is_answered_under_its_aliases(download: Any) -> None:
    version = make_version(download, "1.0.0-rc.1", release_notes="**New**")
    repository = ask(RENOVATE, **NAMES, count=100, cursor=None)["data"]["repository"]
    assert repository["isRepoPrivate"] is False
    (node,) = repository["payload"]["nodes"]
    assert (node["version"], node["isPrerelease"], node["id"]) == ("v1.0.0-rc.1", True, version.pk)
    assert (node["url"], node["description"]) == ("http://testserver/ann/tool/releases/tag/v1.0.0-rc.1", "**New**")


def test_names_are_found_in_any_case_and_written_as_they_are(download: Any) -> None:
    query = 'query { repository(owner: "ANN", name: "TOOL") { name nameWithOwner url owner { login name } } }'
    assert ask(query)["data"]["repository"] == {
        "name": "tool",
        "nameWithOwner": "ann/tool",
        "url": "http://testserver/ann/tool",
        "owner": {"login": "ann", "name": None},
    }


def test_owner_is_the_organization_of_the_download(ann: Any) -> None:
    acme = make_organization("Acme", members=(ann,))
    update_download(actor=system(), download=(tool := make_download(ann, title="Tool")), organization=acme)
    query = 'query($o: String!) { repository(owner: $o, name: "tool") { owner { login name } } }'
    assert ask(query, o=acme.slug)["data"]["repository"]["owner"] == {"login": acme.slug, "name": "Acme"}
    assert ask(query, o="ann")["data"]["repository"] is None
    assert tool.owner == ann


def test_unknown_repository_is_null_with_an_error_that_gh_recognizes() -> None:
    answer = ask(BY_TAG, owner="nobody", name="nothing", tagName="v1")
    assert answer["data"] == {"repository": None}
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["repository"])
    assert "extensions" not in error


def test_private_download_looks_like_an_unknown_one(ann: Any, download: Any) -> None:
    make_version(download, "1.0.0")
    update_download(actor=system(), download=download, visibility="private")
    assert ask(BY_TAG, **NAMES, tagName="v1.0.0")["errors"][0]["type"] == "NOT_FOUND"
    assert ask(BY_TAG, make_key(make_user()), **NAMES, tagName="v1.0.0")["data"]["repository"] is None
    assert ask(BY_TAG, make_key(ann), **NAMES, tagName="v1.0.0")["data"]["repository"]["release"]["isDraft"] is False


def test_drafts_are_found_by_tag_and_listed_only_for_those_who_may_publish(ann: Any, download: Any) -> None:
    draft = make_version(download, "2.0.0", state="draft")
    found = ask(BY_TAG, key := make_key(ann), **NAMES, tagName="v2.0.0")["data"]["repository"]["release"]
    assert found == {"databaseId": draft.pk, "isDraft": True}
    (node,) = releases(key=key)["nodes"]
    assert (node["isDraft"], node["publishedAt"], node["isLatest"]) == (True, None, False)
    for other in ("", make_key(make_user())):
        assert ask(BY_TAG, other, **NAMES, tagName="v2.0.0")["data"]["repository"]["release"] is None
        assert releases(key=other)["nodes"] == []


@pytest.mark.parametrize("tag", ["v1.2.0", "1.2.0", "cli/v1.0+b1"])
def test_tag_is_found_as_it_was_sent_and_the_number_too(download: Any, tag: str) -> None:
    version = make_version(download, "1.2.0")
    if "/" in tag:
        version = make_version(download, "", tag=tag)
    assert ask(BY_TAG, **NAMES, tagName=tag)["data"]["repository"]["release"]["databaseId"] == version.pk


def test_ref_exists_for_published_tags_only(ann: Any, download: Any) -> None:
    version = make_version(download, "1.0.0")
    make_version(download, "2.0.0", state="draft")
    key = make_key(ann)

    def ref(name: str) -> Any:
        return ask(FIND_REF, key, **NAMES, tagName=name)["data"]["repository"]["ref"]

    assert ref("refs/tags/v1.0.0") == {"id": version.public_id}
    assert [ref(name) for name in ("refs/tags/v2.0.0", "refs/tags/v3", "refs/heads/v1.0.0", "v1.0.0")] == [None] * 4


def test_latest_is_the_highest_version_of_the_default_channel(download: Any) -> None:
    for number in ("1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"):
        make_version(download, number, files=1)
    query = '{ repository(owner: "ann", name: "tool") { latestRelease { tagName } } }'
    assert ask(query)["data"]["repository"]["latestRelease"] == {"tagName": "v1.10.0"}
    assert [node["tagName"] for node in releases()["nodes"] if node["isLatest"]] == ["v1.10.0"]


def test_sealed_version_is_immutable(download: Any) -> None:
    Version.objects.filter(pk=make_version(download, "1.0.0").pk).update(sealed_at=timezone.now())
    assert [node["immutable"] for node in releases()["nodes"]] == [True]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", ["CREATED_AT", "NAME"])
def test_cursors_lead_through_the_whole_list_once(download: Any, field: str, direction: str) -> None:
    numbers = ["1.0.0", "1.10.0", "1.9.0", "1.2.0", "1.3.0"]
    for number in numbers:
        make_version(download, number)
    query, tags, cursor = LIST.replace("CREATED_AT", field), [], None
    for _ in range(3):
        page = ask(query, **NAMES, perPage=2, endCursor=cursor, direction=direction)["data"]["repository"]["releases"]
        tags += [node["tagName"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
    assert page["pageInfo"]["hasNextPage"] is False
    expected = numbers if field == "CREATED_AT" else ["1.0.0", "1.2.0", "1.3.0", "1.9.0", "1.10.0"]
    assert tags == [f"v{number}" for number in (expected if direction == "ASC" else expected[::-1])]


def test_cursor_of_another_list_is_refused(download: Any) -> None:
    make_version(download, "1.0.0")
    cursor = releases()["pageInfo"]["endCursor"]
    for wrong in ("nonsense", cursor):
        (error,) = ask(LIST, **NAMES, perPage=1, endCursor=wrong, direction="ASC")["errors"]
        assert error["type"] == "INVALID_CURSOR_ARGUMENTS"


def test_total_counts_what_the_caller_sees(ann: Any, download: Any) -> None:
    make_version(download, "1.0.0")
    make_version(download, "2.0.0", state="draft")
    query = 'query { repository(owner: "ann", name: "tool") { releases(first: 0) { totalCount nodes { id } } } }'
    assert ask(query)["data"]["repository"]["releases"] == {"totalCount": 1, "nodes": []}
    assert ask(query, make_key(ann))["data"]["repository"]["releases"]["totalCount"] == 2


def test_viewer_is_the_user_of_the_key(ann: Any) -> None:
    assert ask("query UserCurrent { viewer { login } }", make_key(ann))["data"] == {"viewer": {"login": "ann"}}
    assert ask("{ viewer { login } }")["errors"][0]["type"] == "UNAUTHENTICATED"


def test_introspection_shows_the_whole_schema() -> None:
    fields = ask('{ __type(name: "Release") { fields { name } } }')["data"]["__type"]["fields"]
    assert {"name": "immutable"} in fields
    schema = build_client_schema(ask(get_introspection_query(descriptions=True))["data"])
    assert set(schema.type_map) >= {
        *("Query", "Repository", "ReleaseConnection", "PageInfo", "Release", "User", "Ref", "ReleaseOrder"),
        *("ReleaseOrderField", "OrderDirection", "DateTime", "URI"),
    }
    assert schema.mutation_type is None


@pytest.mark.parametrize("count", [1, 4])
def test_a_list_takes_the_same_queries_for_one_row_and_for_four(ann: Any, download: Any, count: int) -> None:
    for number in range(count):
        make_version(download, f"1.{number}.0", files=1)
    key = make_key(ann)
    releases(key=key)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        releases(key=key)
    assert len(captured) == 4, [query["sql"] for query in captured]


REFUSED = {
    "a mutation": ("mutation { deleteRelease(id: 1) { id } }", "mutation"),
    "a subscription": ("subscription { releases { id } }", "subscription"),
    "text of more than 8 KiB": ("{ viewer { login } } #" + "x" * 8192, "8,192 bytes"),
    "too many tokens": ("{" + " a" * 2500 + "}", "tokens"),
    "too many fields": ("{ viewer {" + " id" * 200 + "} }", "201 fields"),
    "too many comments": ("{ viewer { login } }" + "\n#" * 200, "comments"),
    "many repositories under aliases": (
        "{" + "".join(f'a{n}: repository(owner: "ann", name: "tool") {{ id }} ' for n in range(60)) + "}",
        "costs 600 points",
    ),
    "notes under many aliases": (
        '{ repository(owner: "ann", name: "tool") { releases(first: 100) { nodes {'
        + "".join(f"a{n}: description " for n in range(20))
        + "} } } }",
        "costs 2120 points",
    ),
    "lists within fragments within fragments": (
        "fragment A on Repository {" + "".join(f"a{n}: releases(first: 100) {{ totalCount }} " for n in range(3)) + "}"
        "fragment B on Query {"
        + "".join(f'a{n}: repository(owner: "a", name: "b") {{ ...A }} ' for n in range(2))
        + "}"
        "query { ...B ...B }",
        "costs 1360 points",
    ),
    "the whole schema under many aliases": (
        "{" + "".join(f"a{n}: __schema {{ types {{ name fields {{ name }} }} }} " for n in range(6)) + "}",
        "costs 600 points",
    ),
    "an unknown field": ("{ viewer { password } }", "password"),
    "a syntax error": ("{ viewer {", "Syntax Error"),
    "a fragment that contains itself": ("fragment F on User { ...F } query { viewer { ...F } }", "itself"),
    "several operations without a name": ("query A { viewer { id } } query B { viewer { id } }", "operationName"),
}


@pytest.mark.parametrize(("query", "reason"), REFUSED.values(), ids=REFUSED)
def test_query_is_refused_before_anything_is_read(query: str, reason: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = ask(query)
    assert "data" not in answer
    assert reason in answer["errors"][0]["message"]
    assert len(captured) == 0


def test_length_of_a_list_in_a_variable_counts_in_every_form_of_a_number() -> None:
    """JSON has one type of number, so 100.0 is the integer 100 for graphql-core."""
    lists = "".join(
        f'a{n}: repository(owner: "a", name: "b") {{ releases(first: $n) {{ totalCount }} }} ' for n in range(5)
    )
    for first in (100, 100.0):
        answer = ask(f"query($n: Int) {{ {lists} }}", n=first)
        assert "costs 600 points" in answer["errors"][0]["message"]


def test_deep_query_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DEPTH", 3)
    answer = ask('{ repository(owner: "ann", name: "tool") { releases { nodes { id } } } }')
    assert "nests 4 levels of fields" in answer["errors"][0]["message"]


@pytest.mark.parametrize("first", [101, -1])
def test_page_of_more_than_100_releases_is_refused(download: Any, first: int) -> None:
    answer = ask(LIST, **NAMES, perPage=first, endCursor=None, direction="DESC")
    assert answer["errors"][0]["type"] == "EXCESSIVE_PAGINATION"


def test_execution_ends_at_its_deadline(download: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "MAX_SECONDS", -1.0)
    answer = ask(BY_TAG, **NAMES, tagName="v1")
    assert answer["errors"][0]["type"] == "RESOURCE_LIMITS_EXCEEDED"


def test_unexpected_error_is_a_500_without_details(download: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("releasehub.api.github.graphql.repositories.release_total", fail)
    body = {"query": LIST, "variables": {**NAMES, "perPage": 1, "direction": "DESC"}}
    answer = Client().post("/api/graphql", body, content_type="application/json")
    assert (answer.status_code, b"secret" in answer.content) == (500, False)


@pytest.mark.parametrize("body", [[{"query": "{ viewer { id } }"}], {}, {"query": "{ a }", "variables": 5}])
def test_batch_and_malformed_body_are_refused(body: Any) -> None:
    answer = Client().post("/api/graphql", body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer.json()["message"]


def test_large_body_is_refused() -> None:
    body = {"query": "{ viewer { id } }", "variables": {"padding": "x" * 70_000}}
    assert Client().post("/api/graphql", body, content_type="application/json").status_code == 413


def test_key_needs_the_scope_to_read_and_an_unknown_one_is_401(ann: Any) -> None:
    for key, status in ((make_key(ann, scopes=["webhook:read"]), 403), ("rh_unknown", 401)):
        body, headers = {"query": "{ viewer { login } }"}, {"Authorization": f"Bearer {key}"}
        answer = Client().post("/api/graphql", body, content_type="application/json", headers=headers)
        assert answer.status_code == status


def test_nul_in_a_name_or_tag_finds_nothing(download: Any) -> None:
    query = '{ repository(owner: "ann", name: "tool") { release(tagName: "v\\u00001") { id } } }'
    assert ask(query)["data"]["repository"]["release"] is None
    assert ask('{ repository(owner: "a\\u0000n", name: "to\\u0000ol") { id } }')["data"]["repository"] is None


def test_queries_are_answered_while_the_hub_is_read_only(download: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.server.read_only_middleware.is_read_only", lambda: True)
    assert ask('{ repository(owner: "ann", name: "tool") { name } }')["data"]["repository"] == {"name": "tool"}
