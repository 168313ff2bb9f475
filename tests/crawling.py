"""Use the pages like a browser without script: follow links, and send forms with the fields as they were rendered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import html5lib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, ResolverMatch, resolve

TOKEN = "csrfmiddlewaretoken"
SAME_PAGE = frozenset({"pk", "object_id", "public_id", "webhook_id", "slug", "number", "filename"})


@dataclass(frozen=True)
class Form:
    """A form as it was rendered: where it is sent, and what is sent unless a user changes it."""

    page: str
    action: str
    values: dict[str, list[Any]] = field(hash=False)

    def filled(self, **changes: Any) -> dict[str, Any]:
        return self.values | changes

    @property
    def key(self) -> tuple[str, str]:
        return kind_of(self.action)


@dataclass
class Walk:
    """`answers`: URL -> status code, `links`: page -> URLs that it links to."""

    answers: dict[str, int] = field(default_factory=dict)
    links: dict[str, set[str]] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)


def kind_of(url: str) -> tuple[str, str]:
    """Return what two URLs have in common that differ in the row only: the view, and its other arguments."""
    match = match_of(url)
    if match is None:
        return url, ""
    return match.view_name, ",".join(str(value) for name, value in match.kwargs.items() if name not in SAME_PAGE)


def match_of(url: str) -> ResolverMatch | None:
    try:
        return resolve(urlsplit(url).path)
    except Resolver404:
        return None


def walk(client: Client, starts: Iterable[str], *, within: str = "/", rows_per_kind: int = 2) -> Walk:
    """Open every page that can be reached by links, at most some of each kind."""
    found, waiting, seen = Walk(), deque(starts), set(starts)
    opened: dict[tuple[str, str], int] = {}
    while waiting:
        url = waiting.popleft()
        answer = client.get(url)
        found.answers[url] = answer.status_code
        if not str(answer.get("Content-Type", "")).startswith("text/html"):
            answer.close()
            continue
        links, forms = read(url, answer.content)
        found.links[url] = links
        found.forms += forms
        for link in sorted(links - seen):
            kind = kind_of(link)
            if not link.startswith(within) or urlsplit(link).query or opened.get(kind, 0) >= rows_per_kind:
                continue
            opened[kind] = opened.get(kind, 0) + 1
            seen.add(link)
            waiting.append(link)
    return found


def unlike(forms: Iterable[Form]) -> Iterator[Form]:
    """One form of every kind: the same view and action, with the same fields."""
    seen = set()
    for form in forms:
        names = tuple(sorted(name for name in form.values if not name[-1].isdigit()))
        if (form.key, names) not in seen:
            seen.add((form.key, names))
            yield form


def read(url: str, content: bytes) -> tuple[set[str], list[Form]]:
    """Return the links of a page to its own site, and its POST forms."""
    page = html5lib.parse(content, namespaceHTMLElements=False)
    links = {urldefrag(urljoin(url, anchor.get("href"))).url for anchor in page.iter("a") if anchor.get("href")}
    forms = [
        Form(url, urljoin(url, form.get("action") or ""), dict(fields_of(form)))
        for form in page.iter("form")
        if form.get("method", "").lower() == "post" and can_be_sent(form)
    ]
    return {link for link in links if link.startswith("/")}, forms


def can_be_sent(form: Any) -> bool:
    """Whether the form has a button. The admin shows rows that cannot be changed in a form without one."""
    buttons = [item for item in form.iter() if item.tag in {"button", "input"}]
    return any(item.get("type", "submit" if item.tag == "button" else "text") == "submit" for item in buttons)


def fields_of(form: Any) -> Iterator[tuple[str, list[Any]]]:
    """What a browser sends for an untouched form, with a small file where one is asked for."""
    values: dict[str, list[Any]] = {}
    for item in form.iter():
        if item.tag not in {"input", "select", "textarea"}:
            continue
        name, kind = item.get("name"), item.get("type", "text")
        if not name or item.get("disabled") is not None:
            continue
        if item.tag == "select":
            values.setdefault(name, []).extend(chosen_in(item))
        elif item.tag == "textarea":
            values.setdefault(name, []).append("".join(item.itertext()).removeprefix("\n"))
        elif kind == "file":
            values.setdefault(name, []).append(SimpleUploadedFile("tool.bin", b"from a form"))
        elif kind not in {"checkbox", "radio", "submit", "button"} or (
            kind in {"checkbox", "radio"} and item.get("checked") is not None
        ):
            values.setdefault(name, []).append(item.get("value", ""))
    yield from values.items()


def chosen_in(select: Any) -> list[str]:
    options = [option for option in select.iter("option") if option.get("disabled") is None]
    chosen = [option.get("value", "") for option in options if option.get("selected") is not None]
    if chosen or select.get("multiple") is not None or not options:
        return chosen
    return [options[0].get("value", "")]


def send(client: Client, form: Form, **changes: Any) -> Any:
    """Send a form from a browser with the same cookies, and undo in the database what came of it."""
    browser = Client(raise_request_exception=False)
    browser.handler = client.handler  # its middlewares are loaded already
    browser.cookies = client.cookies.copy()
    data = {name: value for name, value in form.filled(**changes).items() if value is not None}
    with transaction.atomic():
        answer: Any = browser.post(form.action, data, headers={"Referer": f"http://testserver{form.page}"})
        transaction.set_rollback(True)
    return answer
