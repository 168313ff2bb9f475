"""Lists count a limited number of rows."""

import pytest

from releasehub.accounts.models import User
from releasehub.core import pagination
from releasehub.core.pagination import BoundedPaginator
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_long_list_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MAX_COUNTED_ROWS", 3)
    for number in range(4):
        make_user(f"user-{number}")
    rows = User.objects.filter(username__startswith="user-").order_by("username")
    pages = BoundedPaginator(rows, 2)
    assert (pages.count, pages.num_pages, pages.is_cut_off) == (3, 2, True)
    assert BoundedPaginator(rows.filter(username="user-1"), 2).is_cut_off is False
    assert BoundedPaginator([1, 2, 3, 4], 2).count == 4
