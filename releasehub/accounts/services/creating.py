"""The use case that creates an account for a visitor."""

from allauth.account.models import EmailAddress
from django.db import transaction

from releasehub.accounts.models import Invitation, OneTimeLink, User
from releasehub.accounts.services.invitation_answers import accept_invitation
from releasehub.accounts.services.one_time_links import use_link
from releasehub.accounts.services.usernames import claim_username
from releasehub.core.actor import Actor


@transaction.atomic
def create_account(
    *, actor: Actor, username: str, password: str, email: str = "", admission: OneTimeLink | Invitation | None = None,
    token: str = "",
) -> User:  # fmt: skip
    """Create an account. A link that admitted the visitor is used up, and an invitation is accepted.

    The account gets the address only after it was confirmed. Until then, django-allauth stores it.

    Raises:
        NotFound: The link or the invitation was used in the meantime.
        Conflict: The name is taken, or the inviter lost the right to invite.
    """
    claim_username(username)
    user = User.objects.create_user(username, password=password)
    if email:
        EmailAddress.objects.create(user=user, email=email.lower(), primary=True)
    joined = actor.for_user(user)
    if isinstance(admission, OneTimeLink):
        use_link(actor=joined, link=admission)
    elif admission is not None:
        accept_invitation(actor=joined, invitation=admission, token=token)
    return user
