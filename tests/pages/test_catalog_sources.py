"""Every marked text of templates and modules is in the German catalog. Run `make messages` if this fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize

from releasehub.server.management.commands.makemessages import NOT_SHOWN
from tests.pages.test_catalog import CATALOG

pytestmark = pytest.mark.embedded
ROOT = Path(settings.BASE_DIR)
# Functions with the position of the text among their arguments.
FUNCTIONS = {"_": 0, "gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "ngettext": 0, "ngettext_lazy": 0}
TEMPLATE_CALL = re.compile(r"""\bn?gettext\(u('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
FUNCTIONS |= {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 1, "npgettext_lazy": 1}


def marked_texts(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in FUNCTIONS and len(node.args) > FUNCTIONS[name]:
            text = node.args[FUNCTIONS[name]]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def template_texts(source: str) -> Iterator[str]:
    """Yield the texts of a template, which Django turns into calls of `gettext` among other characters."""
    for match in TEMPLATE_CALL.finditer(templatize(source)):
        yield ast.literal_eval(match[1])


def is_shown(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return not any(name.startswith(f"{part}/") or path.name == part for part in NOT_SHOWN)


def test_functions_and_tags_are_found() -> None:
    source = 'a = _("One") + ngettext("%d file", "%d files", 2) + pgettext("verb", "Open")'
    assert set(marked_texts(source)) == {"One", "%d file", "Open"}
    template = (
        '{% load i18n %}<p title="{% translate "A" %}">{% blocktranslate with n=x %}B {{ n }}{% endblocktranslate %}'
    )
    assert list(template_texts(template)) == ["A", "B %(n)s"]


def test_every_marked_text_is_in_the_catalog() -> None:
    known = {entry.msgid for entry in polib.pofile(str(CATALOG))}
    folders = ("templates", "releasehub", "downloads", "versions", "files")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file() and is_shown(path)]
    missing = set()
    for path in paths:
        if path.suffix == ".py":
            missing |= set(marked_texts(path.read_text(encoding="utf-8"))) - known
        elif path.suffix in {".html", ".txt"}:
            missing |= set(template_texts(path.read_text(encoding="utf-8"))) - known
    assert missing == set()
