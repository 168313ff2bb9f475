"""Load the row that a request of the native API names."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.numbers import read_number
from releasehub.core.querysets import first_or_not_found

Row = TypeVar("Row", bound=Model)


def row_of_id(rows: QuerySet[Row], text: str) -> Row:
    """Return the row with this numeric or public id. The caller checks whether the actor may see it."""
    number = read_number(text)
    return first_or_not_found(rows.filter(**({"public_id": text} if number is None else {"pk": number})))


def find_download(actor: Actor, pk: int) -> Download:
    """Return the download with this id.

    Raises:
        NotFound: The download does not exist, or the actor may not see it. The rest of the request is validated later,
            so that its errors do not tell that a hidden download exists.
    """
    rows = Download.objects.select_related("category").filter(pk=pk)
    return download_policy.visible_or_not_found(actor, rows.first())
