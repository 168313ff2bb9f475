"""The transition table: every change of a version's state or flags, with what it needs and what follows from it.

`lifecycle.move` finds the first row whose move and `before` match and whose condition holds. If no row matches, the
move is refused. The command `print_lifecycle` prints this table into docs/lifecycle.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from releasehub.audit.actions import AuditAction as Action
from releasehub.publishing import conditions, effects, guards
from releasehub.publishing.context import DELETED, NEW, Context
from releasehub.webhooks.events import EventType as Event
from versions.models import Version

DRAFT, SCHEDULED, PENDING = Version.State.DRAFT, Version.State.SCHEDULED, Version.State.PENDING
PUBLISHED, ARCHIVED = Version.State.PUBLISHED, Version.State.ARCHIVED
UNRELEASED = (DRAFT, SCHEDULED, PENDING)
RELEASED = (PUBLISHED, ARCHIVED)
LIVE = (*UNRELEASED, *RELEASED)


class Move(StrEnum):
    """A change of a version's state or flags that a caller can ask for."""

    CREATE_DRAFT = "create a draft"
    CREATE_SCHEDULED = "create scheduled"
    CREATE_PUBLISHED = "create published"
    PUBLISH = "publish"
    PUBLISH_DUE = "publish on schedule"
    SCHEDULE = "schedule"
    UNPUBLISH = "unpublish"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    YANK = "yank"
    UNYANK = "unyank"
    ACTIVATE = "activate"
    MARK_SECURITY = "mark as a security release"
    UNMARK_SECURITY = "unmark as a security release"
    SET_VISIBILITY = "set visibility"
    DELETE = "delete"
    RESTORE = "restore"


# The question that `VersionPolicy` answers for each move; for a new version `DownloadPolicy` does.
POLICIES: dict[Move, str] = {
    **dict.fromkeys((Move.CREATE_DRAFT, Move.CREATE_SCHEDULED, Move.CREATE_PUBLISHED), "post_version"),
    **dict.fromkeys((Move.PUBLISH, Move.PUBLISH_DUE, Move.SCHEDULE, Move.ARCHIVE, Move.UNARCHIVE), "publish"),
    **dict.fromkeys((Move.YANK, Move.UNYANK), "publish"),
    # Authors may not publish a version that waits for approval, but they may take it back.
    Move.UNPUBLISH: "edit",
    Move.SET_VISIBILITY: "edit",
    Move.ACTIVATE: "activate",
    Move.MARK_SECURITY: "mark_security",
    Move.UNMARK_SECURITY: "mark_security",
    Move.DELETE: "delete",
    Move.RESTORE: "restore",
}


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    Attributes:
        before: The states that the row starts from; `new` and `deleted` count as states.
        after: The state that the row leads to. None leaves the state as it is.
        effects: The changes in addition to that of the state.
        action: The audit action, a change of the version unless the row names another. None for a row that changes
            nothing.
        events: The webhook events, in their order.
    """

    move: Move
    before: tuple[str, ...]
    after: str | None
    when: Callable[[Context], bool] | None = None
    guards: tuple[Callable[[Context], None], ...] = ()
    effects: tuple[Callable[[Context], None], ...] = ()
    action: Action | None = Action.VERSION_UPDATE
    events: tuple[Event, ...] = (Event.VERSION_UPDATED,)

    def applies_to(self, move: Move, context: Context) -> bool:
        """Return whether this row is the answer to the move, unless a row above it is."""
        if self.move != move or context.state not in self.before:
            return False
        return self.when is None or self.when(context)


def _create(
    move: Move,
    after: str,
    *,
    when: Callable[[Context], bool] | None = None,
    guards: tuple[Callable[[Context], None], ...] = (),
    effects: tuple[Callable[[Context], None], ...] = (),
    events: tuple[Event, ...] = (Event.VERSION_CREATED,),
) -> Transition:
    return Transition(move, (NEW,), after, when, guards, effects, Action.VERSION_CREATE, events)


def _no_change(move: Move, before: tuple[str, ...], when: Callable[[Context], bool] | None = None) -> Transition:
    return Transition(move, before, None, when, action=None, events=())


_PUBLICATION = (effects.date_publication, effects.seal_if_requested)

# The order matters: the first row that applies is taken, so a row with a condition stands above the row without it.
TABLE: tuple[Transition, ...] = (
    _create(Move.CREATE_DRAFT, DRAFT),
    _create(Move.CREATE_SCHEDULED, PENDING, when=conditions.needs_approval, guards=(guards.in_the_future,)),
    _create(Move.CREATE_SCHEDULED, SCHEDULED, guards=(guards.in_the_future,), effects=(effects.set_schedule,)),
    _create(Move.CREATE_PUBLISHED, PENDING, when=conditions.needs_approval),
    # The mc-dm API publishes a version first and adds its files afterwards, so no file is needed here.
    _create(
        Move.CREATE_PUBLISHED,
        PUBLISHED,
        effects=_PUBLICATION,
        events=(Event.VERSION_CREATED, Event.VERSION_PUBLISHED),
    ),
    Transition(
        Move.PUBLISH,
        (DRAFT, SCHEDULED),
        PENDING,
        when=conditions.needs_approval,
        guards=(guards.has_a_passed_file,),
        effects=(effects.clear_schedule, effects.remember_seal),
    ),
    Transition(
        Move.PUBLISH,
        UNRELEASED,
        PUBLISHED,
        guards=(guards.has_a_passed_file,),
        effects=_PUBLICATION,
        action=Action.VERSION_PUBLISH,
        events=(Event.VERSION_PUBLISHED,),
    ),
    Transition(
        Move.PUBLISH,
        (ARCHIVED,),
        PUBLISHED,
        effects=(effects.seal_if_requested,),
        action=Action.VERSION_UNARCHIVE,
    ),
    Transition(
        Move.PUBLISH,
        (PUBLISHED,),
        None,
        when=conditions.is_to_be_sealed,
        effects=(effects.seal_if_requested,),
    ),
    _no_change(Move.PUBLISH, (PUBLISHED,)),
    Transition(
        Move.PUBLISH_DUE,
        (SCHEDULED,),
        DRAFT,
        when=conditions.scheduler_may_not_publish,
        guards=(guards.is_due,),
        effects=(effects.cancel_schedule, effects.step_down),
        action=Action.VERSION_UNPUBLISH,
        events=(Event.VERSION_UNPUBLISHED,),
    ),
    Transition(
        Move.PUBLISH_DUE,
        (SCHEDULED,),
        PENDING,
        when=conditions.scheduler_needs_approval,
        guards=(guards.is_due, guards.has_a_passed_file),
        effects=(effects.clear_schedule,),
        action=Action.VERSION_UPDATE,
        events=(Event.VERSION_UPDATED,),
    ),
    Transition(
        Move.PUBLISH_DUE,
        (SCHEDULED,),
        PUBLISHED,
        guards=(guards.is_due, guards.has_a_passed_file),
        effects=_PUBLICATION,
        action=Action.VERSION_PUBLISH,
        events=(Event.VERSION_PUBLISHED,),
    ),
    Transition(
        Move.SCHEDULE,
        (DRAFT, SCHEDULED),
        PENDING,
        when=conditions.needs_approval,
        guards=(guards.in_the_future,),
        effects=(effects.clear_schedule,),
    ),
    Transition(
        Move.SCHEDULE,
        UNRELEASED,
        SCHEDULED,
        guards=(guards.in_the_future,),
        effects=(effects.set_schedule,),
    ),
    Transition(
        Move.UNPUBLISH,
        (PENDING,),
        DRAFT,
        effects=(effects.clear_schedule, effects.unseal),
    ),
    Transition(
        Move.UNPUBLISH,
        (SCHEDULED, PUBLISHED, ARCHIVED),
        DRAFT,
        guards=(guards.not_sealed_and_fetched,),
        effects=(effects.clear_schedule, effects.unseal, effects.step_down),
        action=Action.VERSION_UNPUBLISH,
        events=(Event.VERSION_UNPUBLISHED,),
    ),
    Transition(
        Move.ARCHIVE,
        (PUBLISHED,),
        ARCHIVED,
        effects=(effects.step_down,),
        action=Action.VERSION_ARCHIVE,
        events=(Event.VERSION_ARCHIVED,),
    ),
    _no_change(Move.ARCHIVE, (ARCHIVED,)),
    Transition(
        Move.UNARCHIVE,
        (ARCHIVED,),
        PUBLISHED,
        action=Action.VERSION_UNARCHIVE,
    ),
    _no_change(Move.UNARCHIVE, (PUBLISHED,)),
    Transition(
        Move.YANK,
        RELEASED,
        None,
        effects=(effects.mark_yanked, effects.step_down),
        action=Action.VERSION_YANK,
        events=(Event.VERSION_YANKED,),
    ),
    _no_change(Move.UNYANK, LIVE, when=conditions.is_not_yanked),
    Transition(
        Move.UNYANK,
        LIVE,
        None,
        effects=(effects.clear_yank,),
        action=Action.VERSION_UNYANK,
        events=(Event.VERSION_UNYANKED,),
    ),
    _no_change(Move.ACTIVATE, LIVE, when=conditions.is_active),
    Transition(
        Move.ACTIVATE,
        (*UNRELEASED, PUBLISHED),
        None,
        guards=(guards.not_yanked,),
        effects=(effects.make_active,),
        action=Action.VERSION_ACTIVATE,
        events=(Event.VERSION_ACTIVATED,),
    ),
    # A seal fixes the content of a version, and a sealed version can turn out to fix a vulnerability.
    _no_change(Move.MARK_SECURITY, LIVE, when=conditions.is_marked_security),
    Transition(
        Move.MARK_SECURITY,
        LIVE,
        None,
        effects=(effects.mark_security,),
        action=Action.VERSION_MARK_SECURITY,
    ),
    _no_change(Move.UNMARK_SECURITY, LIVE, when=conditions.is_not_marked_security),
    Transition(
        Move.UNMARK_SECURITY,
        LIVE,
        None,
        effects=(effects.unmark_security,),
        action=Action.VERSION_UNMARK_SECURITY,
    ),
    _no_change(Move.SET_VISIBILITY, (*LIVE, DELETED), when=conditions.has_that_visibility),
    Transition(
        Move.SET_VISIBILITY,
        (*LIVE, DELETED),
        None,
        effects=(effects.set_visibility,),
    ),
    Transition(
        Move.DELETE,
        LIVE,
        DELETED,
        effects=(effects.step_down, effects.mark_deleted),
        action=Action.VERSION_DELETE_SOFT,
        events=(Event.VERSION_DELETED,),
    ),
    Transition(
        Move.RESTORE,
        (DELETED,),
        None,
        guards=(guards.within_quotas,),
        effects=(effects.mark_restored,),
        action=Action.VERSION_RESTORE,
        events=(Event.VERSION_RESTORED,),
    ),
    _no_change(Move.RESTORE, LIVE, when=conditions.by_superuser),
)
