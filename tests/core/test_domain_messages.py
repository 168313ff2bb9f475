"""Sentences of the domain are collected, and translated where a page shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from releasehub.core.domain_messages import TEMPLATES, translated
from releasehub.server.message_sources import collect, sentences_of

pytestmark = pytest.mark.embedded
SOURCE = '''
"""This module is documented."""
LIMIT = "The limit is reached. Try again later."
def check(item, sizes):
    """Return nothing at all."""
    log.warning("The item %s is large.", item)
    field = Field(help_text="The field of the admin.")
    raise Invalid("code", f"The item {item.name} has {sizes[0]} and {sizes[1]} bytes. " "Use a smaller one.")
'''


def test_sentences_that_users_read_are_collected() -> None:
    assert set(sentences_of(SOURCE)) == {
        "The limit is reached. Try again later.",
        "The item {name} has {value} and {value2} bytes. Use a smaller one.",
    }


def test_stored_list_is_current() -> None:
    """Run `make messages` and translate the new sentences if this fails."""
    assert TEMPLATES.read_text(encoding="utf-8").splitlines() == collect(Path(settings.BASE_DIR))


@pytest.mark.parametrize(
    ("message", "german"),
    [
        ("You own this download already.", "Dieser Download gehört Ihnen schon."),
        (
            "Version 1.0 {x} is not published. Publish it first.",
            "Version 1.0 {x} ist nicht veröffentlicht. Veröffentlichen Sie sie zuerst.",
        ),
        ("A reason of the owner.", "A reason of the owner."),
        ("", ""),
    ],
)
def test_message_is_translated_with_its_values(message: str, german: str) -> None:
    with translation.override("de"):
        assert translated(message) == german
    assert translated(message) == message
