"""The forms that invite people to a team or an organization."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from downloads.models import Download, TeamMember
from downloads.policies import download_policy
from releasehub.accounts.models import Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import MEMBER, roles_of
from releasehub.accounts.services.invitations import MAX_INVITED_CHARACTERS
from releasehub.core.actor import Actor
from releasehub.pages.forms import ServiceForm

RIGHTS = {
    "can_edit": _("Edit: change the texts, pictures and settings of the download"),
    "can_upload": _("Upload: create, change and publish versions, and upload their files"),
    "can_manage_files": _("Manage files: upload, change, sort and delete files"),
    "can_manage_versions": _("Manage versions: everything that Upload allows, and delete and restore versions"),
    "can_manage_team": _("Manage team: invite people, share the download and manage its webhooks"),
}


class InviteForm(ServiceForm):
    """A form that names the person to invite. It never reveals whether that person has an account."""

    invited = forms.CharField(
        label=_("E-mail address or user name"),
        max_length=MAX_INVITED_CHARACTERS,
        help_text=_(
            "The person finds the invitation on their account page, and gets an e-mail if this hub sends mail."
        ),
    )

    rights_field: ClassVar[str]

    def rights(self) -> list[str]:
        chosen: str | list[str] = self.cleaned_data[self.rights_field]
        return [chosen] if isinstance(chosen, str) else chosen


class TeamInviteForm(InviteForm):
    rights_field = "flags"
    flags = forms.MultipleChoiceField(label=_("Rights"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, actor: Actor, target: Download, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grantable = download_policy.grantable_flags(actor, target)
        names = [name for name in TeamMember.FLAGS if name in grantable]
        self.fields["flags"].choices = [(name, RIGHTS[name]) for name in names]  # type: ignore[attr-defined]


class OrganizationInviteForm(InviteForm):
    rights_field = "role"
    role = forms.ChoiceField(label=_("Role"), initial=MEMBER)

    def __init__(self, *args: Any, actor: Actor, target: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = organization_policy.scopes_in(actor, target)
        roles = [role for role in roles_of(target) if scopes.issuperset(role.scopes)]
        self.fields["role"].choices = [(role.public_id, role.name) for role in roles]  # type: ignore[attr-defined]
