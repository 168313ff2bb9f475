"""The page on which an owner gives a download to somebody else."""

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import transfer_download
from releasehub.accounts.models import Invitation
from releasehub.accounts.services.invitations import MAX_INVITED_CHARACTERS
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.pages.form_pages import account_form, form_page
from releasehub.pages.forms import ServiceForm
from releasehub.pages.invitation_lists import MAX_ROWS, described


class OwnershipForm(ServiceForm):
    to = forms.CharField(
        label=_("User name or e-mail address"),
        max_length=MAX_INVITED_CHARACTERS,
        help_text=_("A team member becomes the owner at once. Anybody else has to accept an invitation first."),
    )


@account_form
def ownership(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show the pending invitations to own a download to its owner and to moderators, and transfer it."""
    actor = actor_of(request)
    download = first_or_not_found(Download.objects.select_related("owner", "category").filter(public_id=public_id))
    download_policy.ensure("transfer", actor, download)
    form = OwnershipForm(request.POST or None)
    if form.is_valid():
        raise_if_reauthentication_required(request, app="allauth.mfa")
        to = form.cleaned_data["to"]
        with form.refusals():
            invitation = transfer_download(actor=actor, download=download, to=to)
            names = {"name": to, "title": download.title}
            if invitation is None:
                messages.success(request, gettext("%(name)s owns %(title)s now.") % names)
                return redirect("pages:account")
            text = gettext("%(name)s was invited to own %(title)s. You own it until then.")
            messages.success(request, text % names)
            return redirect(request.path)
    rows = Invitation.objects.unanswered().filter(kind=Invitation.Kind.OWNERSHIP, target_id=download.pk)
    context = {"download": download, "pending": described(rows.order_by("-id")[:MAX_ROWS], manager=actor)}
    return form_page(request, "pages/ownership.html", form, **context)
