"""Categories that are changed at the same time stay a tree, and inherit what applies above them."""

from __future__ import annotations

from functools import partial

import pytest

from downloads.services import create_category, update_category
from releasehub.core.errors import Conflict
from tests.factories import make_category, system
from tests.racing import ends_of

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = range(3)


@pytest.mark.parametrize("round_number", ROUNDS)
def test_two_categories_are_not_moved_into_each_other(round_number: int) -> None:
    one, other = make_category(), make_category()
    moves = [partial(update_category, actor=system(), category=a, parent=b) for a, b in ((one, other), (other, one))]
    _, errors = ends_of(moves)
    assert [type(error) for error in errors] == [Conflict]


@pytest.mark.parametrize("round_number", ROUNDS)
def test_a_new_category_inherits_what_its_parent_gets_at_the_same_time(round_number: int) -> None:
    parent = make_category()
    _, errors = ends_of([
        partial(update_category, actor=system(), category=parent, members_only=True),
        partial(create_category, actor=system(), title="Below", parent=parent),
    ])  # fmt: skip
    child = parent.children.get()
    assert (errors, child.is_members_only) == ([], True)
