"""Permissions of a user that need a query. Sidebar, list of apps and page all ask for them in one request."""

from collections.abc import Callable
from functools import wraps

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.webhooks.policies import READ_PERMISSION, endpoint_policy
from releasehub.webhooks.querysets import administered_organizations
from versions.policies import label_policy

Question = Callable[[Actor], bool]
ATTRIBUTE = "_admin_permissions"


def once_per_actor(question: Question) -> Question:
    """Remember the answer as long as the actor, which is one object for each request."""

    @wraps(question)
    def answer(actor: Actor) -> bool:
        known: dict[Question, bool] = actor.__dict__.setdefault(ATTRIBUTE, {})
        if question not in known:
            known[question] = question(actor)
        return known[question]

    return answer


@once_per_actor
def manages_a_team(actor: Actor) -> bool:
    return Download.objects.team_managed_by(actor).exists()


@once_per_actor
def may_post_versions(actor: Actor) -> bool:
    return Download.objects.postable_by(actor).exists()


@once_per_actor
def may_attach_labels(actor: Actor) -> bool:
    return label_policy.can_attach(actor, []) or Download.objects.versions_managed_by(actor).exists()


@once_per_actor
def manages_webhooks(actor: Actor) -> bool:
    return (
        endpoint_policy.can_manage_scope(actor, organization_id=None, download_id=None)
        or administered_organizations(actor).exists()
        or manages_a_team(actor)
    )


def may_read_webhooks(actor: Actor) -> bool:
    return actor.has_permission(READ_PERMISSION) or manages_webhooks(actor)
