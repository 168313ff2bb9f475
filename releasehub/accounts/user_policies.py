"""The permissions on users and groups, and the permissions that an actor may grant."""

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import Q

from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy

CHANGE_USER = "accounts.change_user"
MODERATE = "downloads.moderate_download"  # the permission of moderators, which an app above this one declares


class UserPolicy(Policy[User]):
    """Staff need a permission on users, and cannot change a user who has more permissions than they have."""

    def can_view(self, actor: Actor, target: User) -> bool:
        is_own = actor.user_id is not None and actor.user_id == target.pk
        return is_own or self.can_list(actor)

    def can_list(self, actor: Actor) -> bool:
        """Return whether the actor may see all accounts, and so may be told whether one exists."""
        return actor.has_permission("accounts.view_user") or actor.has_permission(CHANGE_USER)

    def can_change(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may change the user.

        An actor that may set the password of a user can sign in as that user. Therefore the actor must have all the
        permissions of the user. An anonymized account stays closed.
        """
        return target.anonymized_at is None and actor.has_permission(CHANGE_USER) and self.outranks(actor, target)

    def can_disable(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may deactivate the account, which must not be the actor's own."""
        return self.can_change(actor, target) and actor.user_id != target.pk

    def can_give_away(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may transfer what the user owns.

        An actor who may change the account can sign in as the user and do so, therefore the rule is the same.
        """
        return self.can_change(actor, target)

    def can_merge(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may merge the account into another one, which the actor has to be able to change."""
        return self.can_disable(actor, target) and not target.is_superuser

    def can_anonymize(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may close the account and erase its personal data.

        Site administrators are protected, so that a hub does not lose its last one, and so are the actors themselves.
        """
        return (
            actor.has_permission(CHANGE_USER)
            and self.outranks(actor, target)
            and not target.is_superuser
            and actor.user_id != target.pk
        )

    def can_change_avatar(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may change the picture of the account: only the user may."""
        return actor.user_id == target.pk and target.anonymized_at is None

    def can_remove_avatar(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may remove the picture: the user, and moderators and staff for accounts.

        Staff cannot do it to users who have more permissions than they have.
        """
        return self.can_change_avatar(actor, target) or (self.can_moderate(actor) and self.outranks(actor, target))

    def can_moderate(self, actor: Actor) -> bool:
        """Return whether the actor may remove what users show of themselves on public pages."""
        return actor.has_permission(MODERATE) or actor.has_permission(CHANGE_USER)

    def can_export(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may export the personal data: only the user may, and not with an API key."""
        return actor.user_id == target.pk and actor.api_key_id is None

    def can_close(self, actor: Actor, target: User) -> bool:
        """Return whether the actor may close the account: only the user may, unless it is a site administrator."""
        return self.can_export(actor, target) and not target.is_superuser and target.anonymized_at is None

    def can_invite_to_sign_up(self, actor: Actor) -> bool:
        """Return whether the actor may hand out links that create accounts."""
        return actor.has_permission("accounts.add_user")

    def outranks(self, actor: Actor, target: User) -> bool:
        """Return whether the actor has all permissions that the user has, or would have as active staff."""
        if actor.is_superuser:
            return True
        users_permissions = Permission.objects.filter(Q(user=target) | Q(group__user=target))
        return not target.is_superuser and may_grant(actor, users_permissions)


class GroupPolicy(Policy[Group]):
    """Staff need a permission on groups, and cannot change a group that has permissions they lack."""

    def can_view(self, actor: Actor, target: Group) -> bool:
        return actor.has_permission("auth.view_group") or self.can_change(actor, target)

    def can_change(self, actor: Actor, target: Group) -> bool:
        return actor.has_permission("auth.change_group") and may_grant(actor, target.permissions.all())

    def can_delete(self, actor: Actor, target: Group) -> bool:
        return actor.has_permission("auth.delete_group") and may_grant(actor, target.permissions.all())


def may_grant(actor: Actor, permissions: models.QuerySet[Permission]) -> bool:
    return not permissions.exclude(pk__in=grantable_permissions(actor)).exists()


def grantable_permissions(actor: Actor) -> models.QuerySet[Permission]:
    """Return the permissions that the actor may grant to others, which are the actor's own."""
    if actor.is_superuser:
        return Permission.objects.all()
    if actor.user is None or not (actor.user.is_active and actor.user.is_staff):
        return Permission.objects.none()
    return Permission.objects.filter(Q(user=actor.user_id) | Q(group__user=actor.user_id)).distinct()


user_policy = UserPolicy()
group_policy = GroupPolicy()
