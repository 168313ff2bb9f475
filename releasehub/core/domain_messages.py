"""Translate the sentences of the domain, which knows only English, where a page shows them.

A sentence with values is recognized by its template in `domain_messages.txt`. So the domain and the APIs need no
translation functions, and sentences that were stored, such as why a file was rejected, can be translated, too.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language, gettext

TEMPLATES = Path(settings.LOCALE_PATHS[0]) / "domain_messages.txt"
PLACEHOLDER = re.compile(r"\{(\w*)\}")
MAX_CHARACTERS = 2000  # longer texts are not compared with the templates, which takes time


def translated(message: str) -> str:
    """Return the message in the language of the visitor, or as it is if it is not one of the domain's sentences."""
    if not message or get_language() == settings.LANGUAGE_CODE or len(message) > MAX_CHARACTERS:
        return message
    text = gettext(message)
    return text if text != message else _translated_with_values(message)


def _translated_with_values(message: str) -> str:
    for pattern, template in _templates():
        if match := pattern.fullmatch(message):
            return _fill(gettext(template), dict(zip(PLACEHOLDER.findall(template), match.groups(), strict=True)))
    return message


def _fill(text: str, values: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda name: values[name[1]], text)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Return the sentences with values, those with the most fixed text first, because they are the most specific."""
    lines = [line for line in TEMPLATES.read_text(encoding="utf-8").splitlines() if PLACEHOLDER.search(line)]
    lines.sort(key=lambda line: len(PLACEHOLDER.sub("", line)), reverse=True)
    return [(_pattern(line), line) for line in lines]


def _pattern(template: str) -> re.Pattern[str]:
    fixed = [re.escape(part) for part in PLACEHOLDER.sub("\0", template).split("\0")]
    return re.compile("(.+?)".join(fixed), re.DOTALL)
