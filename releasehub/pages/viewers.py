"""The viewer of a page: the signed-in or anonymous user with the access keys and share links of the session."""

from django.http import HttpRequest

from downloads.models import AccessKey
from releasehub.accounts.models import User
from releasehub.apikeys.requests import actor_of_key
from releasehub.core.actor import Actor
from releasehub.core.requests import actor_of
from releasehub.distribution.presented_keys import open_if_valid, open_with_ids, open_with_secret

PARAMETER = "key"
SESSION_NAME = "access_keys"
MAX_KEYS = 20


def viewer_of(request: HttpRequest) -> Actor:
    """Return the signed-in or anonymous actor, with the access that followed share links grant."""
    actor = actor_of(request)
    if "shared_with" not in actor.facts:
        actor.facts["shared_with"] = True
        if key_ids := request.session.get(SESSION_NAME):
            open_with_ids(actor, key_ids)
    return actor


def fetcher_of(request: HttpRequest) -> Actor:
    """Return the actor for a URL that serves bytes.

    This is the owner of the API key if the request has one, otherwise the viewer. The access key in the parameter
    `key` is added; one that is not valid is ignored on what is public.

    Raises:
        UnknownKey: The API key does not exist.
        InactiveKey: The API key was revoked or has expired.
        Denied: The API key lacks the scope to read downloads.
    """
    actor = actor_of_key(request) or viewer_of(request)
    if secret := request.GET.get(PARAMETER):
        open_if_valid(actor, secret)
    return actor


def follow_share_link(request: HttpRequest, secret: str) -> AccessKey:
    """Store the access key in the session, so that its secret does not have to appear in every URL.

    Return the oldest key, if the text was imported for several downloads. All of them are opened.
    """
    keys = open_with_secret(viewer_of(request), secret)[-MAX_KEYS:]
    ids = [key.pk for key in keys]
    others = [pk for pk in request.session.get(SESSION_NAME, []) if pk not in ids]
    request.session[SESSION_NAME] = [*others, *ids][-MAX_KEYS:]
    return keys[0]


def account_of(request: HttpRequest) -> User:
    """Return the account that is signed in, with all its fields."""
    return User.objects.get(pk=request.user.pk or 0)
