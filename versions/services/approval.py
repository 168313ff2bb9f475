"""Where a category asks for approval, only moderators publish; what others want published waits as pending."""

from downloads.models import Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from releasehub.core.actor import Actor


def needs_approval(actor: Actor, download: Download) -> bool:
    return rules_of(download.category).requires_approval and not download_policy.is_moderator(actor)
