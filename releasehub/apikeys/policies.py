"""The permissions on API keys."""

from releasehub.accounts.user_policies import user_policy
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy

READ_PERMISSION = "apikeys.view_apikey"
REVOKE_PERMISSION = "apikeys.delete_apikey"


class ApiKeyPolicy(Policy[ApiKey]):
    """Users manage their own keys. Site administrators may see and revoke all keys.

    Staff with permissions on keys see all of them, and revoke those of users who have no more rights than they have.
    """

    def can_view(self, actor: Actor, target: ApiKey) -> bool:
        return actor.has_permission(READ_PERMISSION) or self.is_own(actor, target)

    def can_list(self, actor: Actor) -> bool:
        """Return whether the actor may see the keys of all users."""
        return actor.has_permission(READ_PERMISSION)

    def is_own(self, actor: Actor, target: ApiKey) -> bool:
        return actor.is_superuser or (actor.user_id is not None and actor.user_id == target.user_id)

    def can_issue(self, actor: Actor, *, for_user_id: int, is_super_user: bool) -> bool:
        """Return whether the actor may create a key for this user.

        A request with an API key cannot create keys. Only site administrators can create super-user keys, and keys for
        other users.
        """
        if not self.is_person(actor):
            return False
        if actor.is_superuser:
            return True
        return actor.user_id == for_user_id and not is_super_user

    def is_person(self, actor: Actor) -> bool:
        """Return whether the actor uses a session or a token instead of an API key."""
        return actor.api_key_id is None

    def can_edit(self, actor: Actor, target: ApiKey) -> bool:
        return self.is_person(actor) and self.is_own(actor, target)

    def can_delete(self, actor: Actor, target: ApiKey) -> bool:
        return self.can_edit(actor, target)

    def can_revoke(self, actor: Actor, target: ApiKey) -> bool:
        if self.is_own(actor, target):
            return True
        may_help = self.is_person(actor) and actor.has_permission(REVOKE_PERMISSION)
        return may_help and user_policy.outranks(actor, target.user)


def key_has_scope(actor: Actor, scope: Scope) -> bool:
    """Return whether the actor uses no API key, a super-user key, or a key with the scope.

    The views check the scopes of requests. Services ask this about what another request has allowed.
    """
    if actor.api_key_id is None or actor.is_super_key:
        return True
    scopes = ApiKey.objects.filter(pk=actor.api_key_id).values_list("scopes", flat=True).first()
    return scope.value in (scopes or ())


api_key_policy = ApiKeyPolicy()
