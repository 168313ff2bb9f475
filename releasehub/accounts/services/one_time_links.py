"""Use cases of one-time links, which staff hand out: to choose a new password, or to create an account."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from releasehub.accounts.browsers import sign_out_everywhere
from releasehub.accounts.models import OneTimeLink, User
from releasehub.accounts.tokens import digest, new_token
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound

Kind = OneTimeLink.Kind
LIFETIMES = {Kind.PASSWORD: timedelta(hours=24), Kind.SIGN_UP: timedelta(days=7), Kind.SET_UP: timedelta(days=30)}
RETENTION = timedelta(days=30)
MAX_NOTE_CHARACTERS = 100


@transaction.atomic
def create_password_link(*, actor: Actor, user: User) -> str:
    """Return the token of a link that lets its holder choose a new password for the user. Earlier links end.

    Only staff may do this, because the holder of the link can sign in as the user, also in other organizations.

    Raises:
        Denied: The actor may not change the account, or it is closed.
    """
    user_policy.ensure("change", actor, user)
    if not user.is_active:
        raise Denied(f"The account {user} is inactive. Activate it first.")
    end_password_links(user)
    token = _create(Kind.PASSWORD, actor=actor, user=user)
    audit.record(actor=actor, action=AuditAction.ONE_TIME_LINK_CREATE, target=user, changes={"kind": Kind.PASSWORD})
    return token


@transaction.atomic
def create_sign_up_link(*, actor: Actor, note: str = "") -> str:
    """Return the token of a link that lets its holder create one account, also on a closed hub."""
    if not user_policy.can_invite_to_sign_up(actor):
        raise Denied
    note = note.strip()[:MAX_NOTE_CHARACTERS]
    token = _create(Kind.SIGN_UP, actor=actor, note=note)
    changes = {"kind": Kind.SIGN_UP, "note": note}
    audit.record(actor=actor, action=AuditAction.ONE_TIME_LINK_CREATE, label=note, changes=changes)
    return token


def create_set_up_link(*, actor: Actor) -> str:
    """Return the token of the link that sets up a hub without users. Earlier links end."""
    OneTimeLink.objects.filter(kind=Kind.SET_UP).delete()
    return _create(Kind.SET_UP, actor=actor)


def find_link(kind: OneTimeLink.Kind, token: str) -> OneTimeLink:
    """Return the usable link with this token.

    Raises:
        NotFound: The token is wrong, the link was used or has expired, or its creator may no longer hand out such a
            link.
    """
    rows = OneTimeLink.objects.select_related("user", "created_by")
    link = rows.filter(kind=kind, token_digest=digest(token)).first()
    if link is None or not link.is_usable or not _is_in_force(link):
        raise NotFound
    return link


@transaction.atomic
def choose_password(*, actor: Actor, token: str, password: str) -> User:
    """Set the password of the account that the link is for, and sign it out everywhere.

    Second factors stay. The caller has checked the password against the validators.
    """
    link = use_link(actor=actor, link=find_link(Kind.PASSWORD, token))
    user = User.objects.select_for_update().get(one_time_links=link)
    user.set_password(password)
    user.save(update_fields=["password"])
    sign_out_everywhere(actor=actor, user=user)
    return user


def use_link(*, actor: Actor, link: OneTimeLink) -> OneTimeLink:
    """Mark the link as used, in the transaction of its use. Only one request can do this."""
    if not OneTimeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now()):
        raise NotFound
    changes = {"kind": link.kind, "note": link.note, "created_by": link.created_by_id}
    audit.record(actor=actor, action=AuditAction.ONE_TIME_LINK_USE, target=link.user, label=link.note, changes=changes)
    return link


def end_password_links(user: User) -> None:
    """End the unused links that reset the password, because the user has chosen one without them."""
    OneTimeLink.objects.filter(kind=Kind.PASSWORD, user=user, used_at=None).delete()


def delete_old_links() -> int:
    """Delete links that expired long ago, and return their number."""
    return OneTimeLink.objects.filter(expires_at__lt=timezone.now() - RETENTION).delete()[0]


def _create(kind: OneTimeLink.Kind, *, actor: Actor, user: User | None = None, note: str = "") -> str:
    token = new_token()
    OneTimeLink.objects.create(
        kind=kind,
        token_digest=digest(token),
        user=user,
        created_by=actor.grantor,
        note=note,
        expires_at=timezone.now() + LIFETIMES[kind],
    )
    return token


def _is_in_force(link: OneTimeLink) -> bool:
    """Return whether the creator still has the right that the link passes on."""
    if link.created_by is None:
        return True
    creator = Actor(user=link.created_by)
    if link.kind == Kind.SIGN_UP:
        return user_policy.can_invite_to_sign_up(creator)
    user = link.user
    return user is not None and user.is_active and user_policy.allows("change", creator, user)
