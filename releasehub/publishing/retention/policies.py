"""The permissions on retention rules."""

from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy
from releasehub.publishing.models import RetentionRule

MANAGE = "publishing.change_retentionrule"


class RetentionRulePolicy(Policy[RetentionRule]):
    """The rules for retention rules: moderators see them, and staff with a permission change them."""

    def can_list(self, actor: Actor) -> bool:
        return download_policy.is_moderator(actor) or actor.has_permission(MANAGE)

    def can_view(self, actor: Actor, target: RetentionRule) -> bool:
        return self.can_list(actor)

    def can_create(self, actor: Actor) -> bool:
        return actor.has_permission(MANAGE)

    def can_edit(self, actor: Actor, target: RetentionRule) -> bool:
        return actor.has_permission(MANAGE)

    def can_delete(self, actor: Actor, target: RetentionRule) -> bool:
        return actor.has_permission(MANAGE)


retention_policy = RetentionRulePolicy()
