"""Translate the sentences of the domain, which knows only English, where a page shows them.

A sentence with values is recognized by its template in `domain_messages.txt`. So the domain and the APIs need no
translation functions, and sentences that were stored, such as why a file was rejected, can be translated, too.
"""

import re
from collections.abc import Sequence
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
    for fixed_parts, template in _templates():
        if (values := values_in(message, fixed_parts)) is not None:
            return _fill(gettext(template), dict(zip(PLACEHOLDER.findall(template), values, strict=True)))
    return message


def values_in(message: str, fixed_parts: Sequence[str]) -> list[str] | None:
    """Return the texts between the fixed parts of a sentence, or None if the message is another sentence.

    Each part is looked for behind the one before it, so this takes linear time. A regular expression with a group for
    each value would not, and the values come from users.
    """
    first, *middle, last = fixed_parts
    if not message.startswith(first) or not message.endswith(last):
        return None
    values, start, end = [], len(first), len(message) - len(last)
    for part in middle:
        place = message.find(part, start + 1, end)
        if place < 0:
            return None
        values.append(message[start:place])
        start = place + len(part)
    return [*values, message[start:end]] if start < end else None


def _fill(text: str, values: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda name: values[name[1]], text)


@cache
def _templates() -> list[tuple[list[str], str]]:
    """Return the fixed parts of the sentences with values, and the sentences.

    Those with the most fixed text come first, because they are the most specific.
    """
    lines = [line for line in TEMPLATES.read_text(encoding="utf-8").splitlines() if PLACEHOLDER.search(line)]
    lines.sort(key=lambda line: len(PLACEHOLDER.sub("", line)), reverse=True)
    return [(PLACEHOLDER.sub("\0", line).split("\0"), line) for line in lines]
