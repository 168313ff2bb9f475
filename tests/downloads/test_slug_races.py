"""Titles that are sent at the same time all get a slug, because nobody has chosen one that could be taken."""

from __future__ import annotations

import pytest

from downloads.models import Category
from downloads.services import create_category, create_download
from releasehub.core.actor import Actor, system_actor
from tests.factories import make_category, make_user
from tests.racing import ends_of

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 8
SLUGS = {"tool", *(f"tool-{number}" for number in range(2, COUNT + 1))}


def test_downloads_with_one_title_get_different_slugs() -> None:
    actor, category = Actor(user=make_user()), make_category()
    calls = [lambda: create_download(actor=actor, category=category, title="Tool").slug] * COUNT
    slugs, errors = ends_of(calls)
    assert (set(slugs), errors) == (SLUGS, [])


def test_categories_with_one_title_get_different_slugs() -> None:
    calls = [lambda: create_category(actor=system_actor(), title="Tool")] * COUNT
    _, errors = ends_of(calls)
    assert errors == []
    assert {*Category.objects.filter(title="Tool").values_list("slug", flat=True)} == SLUGS
