"""Use the pages like a browser without script: follow links, and send forms with the fields as they were rendered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from unittest import mock
from urllib.parse import urldefrag, urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template import Template
from django.test import Client
from django.urls import Resolver404, ResolverMatch, resolve

from releasehub.api.dialects import is_api

TOKEN = "csrfmiddlewaretoken"
# `form` is the format of an export, which has the same rights in all formats.
SAME_PAGE = frozenset(
    {"form", "pk", "object_id", "public_id", "webhook_id", "picture_id", "slug", "number", "filename"}
)


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


def templates_unrecorded() -> AbstractContextManager[Any]:
    """Render pages without recording their templates and contexts for the test, a tenth of the time of a page."""
    return mock.patch.object(Template, "_render", lambda template, context: template.nodelist.render(context))


def walk(
    client: Client, starts: Iterable[str], *, within: str = "/", rows_per_kind: int = 2, without: tuple[str, ...] = ()
) -> Walk:
    """Open every page that can be reached by links, at most some of each kind, and no URL of an API.

    `without` has the ends of the names of views that are left out.
    """
    found, waiting, seen = Walk(), deque(starts), set(starts)
    opened: dict[tuple[str, str], int] = {}
    while waiting:
        url = waiting.popleft()
        with templates_unrecorded():
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
            if (
                not link.startswith(within)
                or is_api(link)
                or urlsplit(link).query
                or opened.get(kind, 0) >= rows_per_kind
                or kind[0].endswith(without)
            ):
                continue
            opened[kind] = opened.get(kind, 0) + 1
            seen.add(link)
            waiting.append(link)
    return found


def unlike(forms: Iterable[Form]) -> Iterator[Form]:
    """Return one form of every kind. Forms of one kind have the same view, action and fields."""
    seen = set()
    for form in forms:
        names = tuple(sorted(name for name in form.values if not name[-1].isdigit()))
        if (form.key, names) not in seen:
            seen.add((form.key, names))
            yield form


def waits_for_an_action(form: Form) -> bool:
    """Return whether this is the form of a list of the admin, which does nothing as long as no action is chosen."""
    return form.key[0].endswith("_changelist")


@dataclass
class Control:
    """What can be filled in or pressed in a form."""

    tag: str
    attributes: dict[str, str]
    options: list[dict[str, str]] = field(default_factory=list)
    text: str = ""

    @property
    def kind(self) -> str:
        return self.attributes.get("type", "submit" if self.tag == "button" else "text")


class PageReader(HTMLParser):
    """Collects links and forms. Parsers that make a tree take many times as long."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[dict[str, str], list[Control]]] = []
        self._controls: list[Control] | None = None
        self._control: Control | None = None
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        elif tag == "form" and self._controls is None:
            self._controls = []
            self.forms.append((attributes, self._controls))
        elif tag in {"input", "button", "select", "textarea"}:
            self._add(Control(tag, attributes))
        elif self._control is not None and tag == "option":
            self._control.options.append(attributes)

    def _add(self, control: Control) -> None:
        """Add a control to the form around it, or to the one that it names, as the buttons of the admin do."""
        owner = control.attributes.get("form", "")
        named = [controls for form, controls in self.forms if owner and form.get("id") == owner]
        controls = named[0] if named else self._controls
        self._control = control
        if controls is not None:
            controls.append(control)

    def handle_data(self, data: str) -> None:
        if self._control is not None and self._control.tag == "textarea":
            self._control.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "select"}:
            self._control = None
        elif tag == "form":
            self._controls = None


def read(url: str, content: bytes) -> tuple[set[str], list[Form]]:
    """Return the links of a page to its own site, and its POST forms."""
    page = PageReader(content)
    links = {urldefrag(urljoin(url, link)).url for link in page.links}
    forms = [
        Form(url, urljoin(url, attributes.get("action", "")), values_of(controls))
        for attributes, controls in page.forms
        if attributes.get("method", "").lower() == "post" and can_be_sent(controls)
    ]
    return {link for link in links if link.startswith("/")}, forms


def can_be_sent(controls: list[Control]) -> bool:
    """Return whether the form has a button. The admin shows read-only rows in a form without one."""
    return any(control.tag in {"button", "input"} and control.kind == "submit" for control in controls)


def values_of(controls: list[Control]) -> dict[str, list[Any]]:
    """Return the fields that a browser sends for an unchanged form, with a small file for each file field."""
    values: dict[str, list[Any]] = {}
    for control in controls:
        name, attributes = control.attributes.get("name"), control.attributes
        if control.tag == "button" or not name or "disabled" in attributes:
            continue
        if control.tag == "select":
            values.setdefault(name, []).extend(chosen_in(control))
        elif control.tag == "textarea":
            values.setdefault(name, []).append(control.text.removeprefix("\n"))
        elif control.kind == "file":
            values.setdefault(name, []).append(SimpleUploadedFile("tool.bin", b"from a form"))
        elif control.kind not in {"checkbox", "radio", "submit", "button"} or (
            control.kind in {"checkbox", "radio"} and "checked" in attributes
        ):
            # A browser sends "on" for a box without a value.
            default = "on" if control.kind in {"checkbox", "radio"} else ""
            values.setdefault(name, []).append(attributes.get("value", default))
    return values


def chosen_in(select: Control) -> list[str]:
    options = [option for option in select.options if "disabled" not in option]
    chosen = [option.get("value", "") for option in options if "selected" in option]
    if chosen or "multiple" in select.attributes or not options:
        return chosen
    return [options[0].get("value", "")]


def send(client: Client, form: Form, accept: str = "text/html", **changes: Any) -> Any:
    """Send a form from a browser with the same cookies, and undo in the database what came of it."""
    browser = Client(raise_request_exception=False)
    browser.handler = client.handler  # its middlewares are loaded already
    browser.cookies = client.cookies.copy()
    data = {name: value for name, value in form.filled(**changes).items() if value is not None}
    with transaction.atomic(), templates_unrecorded():
        headers = {"Referer": f"http://testserver{form.page}", "Accept": accept}
        answer: Any = browser.post(form.action, data, headers=headers)
        transaction.set_rollback(True)
    return answer
