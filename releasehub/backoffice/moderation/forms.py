"""The filters of the queue, and what a moderator sends from it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from releasehub.accounts.models import User
from releasehub.moderation.assignments import moderators
from releasehub.moderation.models import Kind
from releasehub.moderation.queue import UNASSIGNED, QueueFilter

AGES = (("", "Any age"), ("1", "Longer than a day"), ("7", "Longer than a week"), ("30", "Longer than 30 days"))
MINE = "me"
Row = tuple[Kind, int, str]


class QueueFilterForm(forms.Form):
    kind = forms.ChoiceField(label="Type", required=False, choices=[("", "All types"), *Kind.choices])
    days = forms.ChoiceField(label="Waiting", required=False, choices=AGES)
    assignee = forms.ChoiceField(label="Assigned to", required=False)

    def __init__(self, data: QueryDict, *, people: list[User]) -> None:
        super().__init__(data)
        fixed = [("", "Everybody"), (MINE, "Me"), (UNASSIGNED, "Nobody")]
        field: Any = self.fields["assignee"]
        field.choices = [*fixed, *((str(user.pk), user.get_username()) for user in people)]

    def criteria(self, user: User) -> QueueFilter:
        """Return the criteria. Values that the form does not offer select everything."""
        if not self.is_valid():
            return QueueFilter()
        values = self.cleaned_data
        assignee = str(user.pk) if values["assignee"] == MINE else values["assignee"]
        return QueueFilter(values["kind"], int(values["days"] or 0), assignee)


@dataclass(frozen=True)
class QueueRequest:
    """A decision or an assignment that a moderator asks for.

    Attributes:
        action: `approve`, `reject` or `assign`.
        rows: The kinds and primary keys of the rows, with the stamps of what the moderator saw.
        assignee: A moderator, or None to free the rows.
    """

    action: str
    rows: list[Row]
    note: str
    assignee: User | None


def read_request(data: QueryDict) -> QueueRequest | None:
    """Return what was sent, or None if it is not a form of the queue."""
    rows = [row for key in data.getlist("row") if (row := _row(key)) is not None]
    action = data.get("action", "")
    if action not in {"approve", "reject", "assign"}:
        return None
    chosen = data.get("assignee", "")
    assignee = moderators().filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    return QueueRequest(action, rows, data.get("note", ""), assignee)


def _row(key: str) -> Row | None:
    name, _, seen = key.partition("@")
    kind, _, number = name.partition("-")
    is_known = kind in Kind.values and number.isascii() and number.isdecimal() and len(number) < 19
    return (Kind(kind), int(number), seen) if is_known else None
