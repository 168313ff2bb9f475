"""Render the transition table as the page docs/lifecycle.md.

The page is printed from the code, so it cannot contradict it; a test compares the committed page with the table.
"""

from collections.abc import Callable, Iterable
from typing import Any

from releasehub.publishing.transitions import LIVE, POLICIES, RELEASED, TABLE, UNRELEASED, Transition

HEAD = """# The lifecycle of a version

<!-- Printed by `python manage.py print_lifecycle > docs/lifecycle.md`; a test compares both. Do not edit by hand. -->

Every change of a version's state, of the flags *active*, *yanked*, *sealed* and *deleted*, and of the visibility is one
row of this table. `releasehub/publishing/transitions.py` holds it, and `move` in `releasehub/publishing/lifecycle.py`
carries out a row: it checks the policy, locks the download and the version, checks the policy again, runs guards and
effects, adjusts the counts of the download, and writes the audit row and the webhook events, all in one transaction.
Every API, the admin and the schedule call `move`, so they all give the same answer.

The first row whose move and state match and whose condition (*when*) holds is taken. If no row matches, the answer is a
conflict: `is_deleted` for a deleted version, `not_deleted` if a version that is not deleted is to be restored,
`version.not_published` before publication, and `version.state` after it.

A row that opens a version to outsiders also gives its number and the names of its files to it forever
(`versions/exposure.py`).

A *pending* version waits for a moderator, because its category asks for approval. The moderator publishes it with the
move *publish*; the author or the moderator takes it back with *unpublish*. If the author asked for a seal, the version
remembers that and is sealed when the moderator publishes it.
"""
COLUMNS = ("Move", "From", "To", "When", "Policy", "Guards", "Effects", "Audit action", "Events")
GROUPS: dict[tuple[str, ...], str] = {
    LIVE: "any but deleted",
    UNRELEASED: "draft, scheduled, pending",
    RELEASED: "published, archived",
}


def lifecycle_page() -> str:
    """Return the whole page as Markdown."""
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(_cells(row) for row in TABLE)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    return f"{HEAD}\n{table}\n\n## Conditions and guards\n\n{_terms()}\n"


def _cells(row: Transition) -> tuple[str, ...]:
    """Return the cells of one row, in the order of `COLUMNS`."""
    changes = row.action is not None
    return (
        row.move,
        GROUPS.get(row.before, ", ".join(row.before)),
        (row.after or "the same") if changes else "no change",
        _name(row.when) if row.when else "",
        POLICIES[row.move],
        _names(row.guards),
        _names(row.effects),
        f"`{row.action}`" if changes else "",
        ", ".join(f"`{event}`" for event in row.events),
    )


def _terms() -> str:
    """Return a list that explains every condition and guard by its docstring, in the order of their first use."""
    functions = dict.fromkeys(function for row in TABLE for function in (row.when, *row.guards) if function is not None)
    return "\n".join(f"- *{_name(function)}*: {' '.join((function.__doc__ or '').split())}" for function in functions)


def _names(functions: Iterable[Callable[..., Any]]) -> str:
    return ", ".join(_name(function) for function in functions)


def _name(function: Callable[..., Any]) -> str:
    return function.__name__.replace("_", " ")
