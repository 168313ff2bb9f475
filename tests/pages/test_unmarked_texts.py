"""Templates of pages contain no text that is not marked for translation."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.embedded
TEMPLATES = Path(settings.BASE_DIR) / "templates"
# The admin is English, and the style guide is for developers.
ENGLISH = ("admin/", "unfold/", "pages/style_guide.html")
MARKED = re.compile(r"\{% blocktrans(?:late)?\b.*?\{% endblocktrans(?:late)? %\}", re.DOTALL)
SYNTAX = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
SHOWN_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}
CODE = {"code", "pre", "script", "style"}
# Names, units and abbreviations that are the same in all languages.
SAME_EVERYWHERE = {"SHA", "SUMS", "UTC", "ms", "ReleaseHub", "Python"}
WORD = re.compile(r"[^\W\d_]+")


class TextFinder(HTMLParser):
    """Collect the words of texts and of attributes that people read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.code_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.code_depth += tag in CODE
        for name, value in attrs:
            if name in SHOWN_ATTRIBUTES:
                self.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.code_depth -= tag in CODE

    def handle_data(self, data: str) -> None:
        if not self.code_depth:
            self.add(data)

    def add(self, text: str) -> None:
        if set(WORD.findall(text)) - SAME_EVERYWHERE:
            self.found.append(" ".join(text.split()))


def unmarked(source: str) -> list[str]:
    finder = TextFinder()
    finder.feed(SYNTAX.sub("", MARKED.sub("", source)))
    finder.close()
    return finder.found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{% translate 'Files' %} {{ name }}</p>", []),
        ("<p>{% blocktranslate count counter=n %}{{ n }} file{% plural %}{{ n }} files{% endblocktranslate %}</p>", []),
        ("<p>{% if a %}Files{% endif %}</p>", ["Files"]),
        ('<button aria-label="Copy">{% translate "Copy" %}</button><code>curl</code>', ["Copy"]),
    ],
)
def test_finder_sees_texts_and_attributes(source: str, found: list[str]) -> None:
    assert unmarked(source) == found


def test_templates_have_no_unmarked_text() -> None:
    found = {}
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        if not name.startswith(ENGLISH) and (texts := unmarked(path.read_text(encoding="utf-8"))):
            found[name] = texts
    assert found == {}


def test_messages_of_views_are_marked() -> None:
    """A literal in `messages.success(request, "…")` is shown in English on a page of any language."""
    literal = re.compile(r'messages\.\w+\(\s*request,\s*"')
    modules = (Path(settings.BASE_DIR) / "releasehub" / "pages").rglob("*.py")
    assert [module.name for module in modules if literal.search(module.read_text())] == []
