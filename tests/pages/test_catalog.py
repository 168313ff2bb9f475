"""The German catalog is complete, its placeholders match, and the compiled file is current."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

pytestmark = pytest.mark.embedded
CATALOG = Path(settings.LOCALE_PATHS[0]) / "de" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


def entries() -> list[polib.POEntry]:
    return [entry for entry in polib.pofile(str(CATALOG)) if not entry.obsolete]


def test_every_text_is_translated() -> None:
    assert [entry.msgid for entry in entries() if entry.fuzzy or not entry.translated()] == []


def test_placeholders_of_translations_match() -> None:
    wrong = []
    for entry in entries():
        expected = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        texts = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
        # A singular may omit the number, but no other value.
        allowed = [expected, expected - {"%(counter)s"}] if entry.msgid_plural else [expected]
        wrong += [entry.msgid for text in texts if set(PLACEHOLDER.findall(text)) not in allowed]
    assert wrong == []


def test_compiled_catalog_is_current() -> None:
    """Run `make messages` if this fails."""
    compiled = polib.mofile(str(CATALOG.with_suffix(".mo")))
    assert {contents(entry) for entry in compiled} == {contents(entry) for entry in entries()}


def contents(entry: polib.POEntry) -> tuple[str | None, ...]:
    return (entry.msgctxt, entry.msgid, entry.msgid_plural, entry.msgstr, str(entry.msgstr_plural))
