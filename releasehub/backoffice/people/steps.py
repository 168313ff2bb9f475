"""Declarations of the steps that staff take on an account. The services decide and do everything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasehub.accounts.browsers import browsers_of
from releasehub.accounts.models import User
from releasehub.accounts.personal_data import counted
from releasehub.accounts.services.anonymizing import EFFECT, anonymize_user
from releasehub.accounts.services.disabling import disable_user, enable_user, end_sessions, remove_second_factors
from releasehub.accounts.services.handing_over import merge_accounts, transfer_possessions
from releasehub.apikeys.personal_data import usable_keys
from releasehub.backoffice.people.forms import ConfirmedForm, MergeForm, StepForm, TransferForm
from releasehub.core.actor import Actor

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Counts = list[tuple[int, str]]


@dataclass(frozen=True, kw_only=True)
class PersonStep:
    """One step on an account, with a page that says what happens.

    Attributes:
        question: The name of the policy method that decides whether the step is offered.
        done: The message afterwards; `{user}` is the account.
        counts: Returns what the step concerns, as numbers with their names.
        run: Calls the service with the actor, the account and the cleaned values of the form.
    """

    name: str
    label: str
    text: "StrOrPromise"
    done: str
    question: str
    applies: Callable[[User], bool]
    counts: Callable[[User], Counts]
    run: Callable[[Actor, User, Mapping[str, Any]], object]
    form: type[StepForm] = StepForm
    erases: bool = False


def access_of(user: User) -> Counts:
    return [(browsers_of(user).count(), "browsers with a session"), (usable_keys(user).count(), "API keys")]


def possessions_of(user: User, *, transferable: bool = False) -> Counts:
    return [(number, row.label) for row, number in counted(user, transferable=transferable)]


STEPS = (
    PersonStep(
        name="remove-factors",
        label="Remove second factors",
        text="Authenticator app, passkeys and recovery codes of this account stop working. Make sure first that the "
        "request comes from the owner of the account.",
        done="The second factors of {user} were removed.",
        question="change",
        applies=lambda user: user.is_active and user.authenticator_set.exists(),  # type: ignore[attr-defined]
        counts=lambda user: [],
        run=lambda actor, user, values: remove_second_factors(actor=actor, user=user, reason=values["reason"]),
    ),
    PersonStep(
        name="sign-out",
        label="Sign out everywhere",
        text="All browsers are signed out, and API tokens stop working. API keys keep working; revoke them in their "
        "list.",
        done="{user} is signed out everywhere.",
        question="change",
        applies=lambda user: user.is_active,
        counts=lambda user: access_of(user)[:1],
        run=lambda actor, user, values: end_sessions(actor=actor, user=user, reason=values["reason"]),
    ),
    PersonStep(
        name="disable",
        label="Disable",
        text="The user cannot sign in any more, and sessions, tokens and API keys stop working at once. What the user "
        "owns and wrote stays. The account can be enabled again.",
        done="{user} is disabled.",
        question="disable",
        applies=lambda user: user.is_active,
        counts=access_of,
        run=lambda actor, user, values: disable_user(actor=actor, user=user, reason=values["reason"]),
    ),
    PersonStep(
        name="enable",
        label="Enable",
        text="The user can sign in again, and API keys that were not revoked work again.",
        done="{user} is enabled.",
        question="change",
        applies=lambda user: not user.is_active,
        counts=lambda user: access_of(user)[1:],
        run=lambda actor, user, values: enable_user(actor=actor, user=user, reason=values["reason"]),
    ),
    PersonStep(
        name="transfer",
        label="Transfer what they own",
        text="The other account becomes the owner at once. This account leaves those downloads and organizations. "
        "Shares and access keys stay in force; webhook endpoints that this user created for the downloads stop.",
        done="The transfer from {user} is done.",
        question="give_away",
        applies=lambda user: bool(counted(user, transferable=True)),
        counts=lambda user: possessions_of(user, transferable=True),
        run=lambda actor, user, values: transfer_possessions(
            actor=actor, giver=user, heir=values["to"], kinds=values["kinds"], reason=values["reason"]
        ),
        form=TransferForm,
    ),
    PersonStep(
        name="merge",
        label="Merge into another account",
        text="Use this if one person has two accounts, and only after you have made sure of that. Everything listed "
        "here passes to the other account, which keeps the higher of two roles. A second review of one download stays. "
        "API keys keep working with the rights of the other account; if that is staff, they are revoked. Staff rights, "
        "e-mail addresses, passwords and second factors do not pass on. This account is closed and cannot be "
        "separated again.",
        done="{user} was merged.",
        question="merge",
        applies=lambda user: True,
        counts=possessions_of,
        run=lambda actor, user, values: merge_accounts(
            actor=actor, user=user, into=values["to"], anonymize=values["anonymize"], reason=values["reason"]
        ),
        form=MergeForm,
        erases=True,
    ),
    PersonStep(
        name="anonymize",
        label="Anonymize",
        text=EFFECT,
        done="The account is anonymized and now called {user}.",
        question="anonymize",
        applies=lambda user: True,
        counts=possessions_of,
        run=lambda actor, user, values: anonymize_user(actor=actor, user=user, reason=values["reason"]),
        form=ConfirmedForm,
        erases=True,
    ),
)
