"""Pages of invitations: the people of a team or an organization, and the answers of those who are invited."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from downloads.models import Download, TeamMember
from downloads.policies import download_policy
from releasehub.accounts.invitation_targets import target_of
from releasehub.accounts.models import Invitation, Membership, Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import role_of
from releasehub.accounts.services import (
    accept_invitation,
    decline_invitation,
    find_by_token,
    find_invitation,
    hand_out_link,
    invite,
    revoke_invitation,
)
from releasehub.accounts.sign_up import SESSION_TOKEN, admission_by_token
from releasehub.core.errors import NotFound
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.core.site import site_url
from releasehub.pages.form_pages import account_action, account_form, form_page, require_form_methods
from releasehub.pages.invitation_forms import InviteForm, OrganizationInviteForm, TeamInviteForm
from releasehub.pages.invitation_lists import MAX_ROWS, described
from releasehub.pages.secret_urls import keep_secret


@account_form
def team(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show the team of a download to those who manage it, and invite to it."""
    actor = actor_of(request)
    rows = Download.objects.team_managed_by(actor).select_related("owner", "category", "organization")
    target = first_or_not_found(rows.filter(public_id=public_id))
    members = TeamMember.objects.with_standing().filter(download=target).select_related("user")
    people = [(target.owner.username, gettext("owner"), True)]
    people += [
        (row.user.username, row.labels_of(row.flags), row.is_in_force) for row in members.order_by("created_at", "id")
    ]
    form = TeamInviteForm(request.POST or None, actor=actor, target=target)
    may_transfer = download_policy.can_transfer(actor, target)
    owner_page = reverse("pages:ownership-people", args=[public_id]) if may_transfer else ""
    required = target.organization
    inviting = required is not None and organization_policy.allows("invite", actor, required)
    context = {"owner_page": owner_page, "organization": required, "may_invite_to_organization": inviting}
    return _people(request, Invitation.Kind.TEAM, target, form, people, **context)


@account_form
def organization(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show the members of an organization to those who may invite, and invite to it."""
    actor = actor_of(request)
    target = first_or_not_found(Organization.objects.visible_to(actor).filter(public_id=public_id))
    organization_policy.ensure("invite", actor, target)
    members = Membership.objects.filter(organization=target).select_related("user", "named_role", "organization")
    rows = [(row.user.username, role_of(row).name, True) for row in members.order_by("created_at", "id")[:MAX_ROWS]]
    form = OrganizationInviteForm(request.POST or None, actor=actor, target=target)
    return _people(request, Invitation.Kind.ORGANIZATION, target, form, rows)


@account_action
def answer(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    invitation = find_invitation(public_id)
    return _act(request, invitation, name)


@require_form_methods
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the invitation that a link leads to, and take the answer. Somebody without an account may create one."""
    invitation = find_by_token(token)
    if not request.user.is_authenticated:
        if admission_by_token(token) is not None:
            request.session[SESSION_TOKEN] = token
        return redirect_to_login(request.path)
    if request.method == "POST":
        return _act(request, invitation, request.POST.get("answer", ""), token=token)
    shown = described([invitation], reader=actor_of(request))
    if not shown:
        raise NotFound
    return keep_secret(render(request, "pages/invitation.html", {"invitation": shown[0]}))


def _people(
    request: HttpRequest,
    kind: Invitation.Kind,
    target: Download | Organization,
    form: InviteForm,
    rows: list[tuple[str, str, bool]],
    **context: Any,
) -> HttpResponse:
    if form.is_valid():
        with form.refusals():
            invited = form.cleaned_data["invited"]
            invite(actor=actor_of(request), kind=kind, target=target, invited=invited, rights=form.rights())
            messages.success(request, gettext("%(invited)s was invited.") % {"invited": invited})
            return redirect(request.path)
    pending = Invitation.objects.unanswered().filter(kind=kind, target_id=target.pk).order_by("-id")[:MAX_ROWS]
    title = target.title if isinstance(target, Download) else target.name
    download = target if isinstance(target, Download) else None
    invitations = described(pending, manager=actor_of(request))
    context |= {"title": title, "download": download, "people": rows, "pending": invitations}
    return form_page(request, "pages/people.html", form, **context)


def _act(request: HttpRequest, invitation: Invitation, name: str, **options: str) -> HttpResponseBase:
    actor = actor_of(request)
    if name == "accept":
        accept_invitation(actor=actor, invitation=invitation, **options)
        messages.success(request, gettext("You accepted the invitation."))
    elif name == "decline":
        decline_invitation(actor=actor, invitation=invitation, **options)
        messages.success(request, gettext("You declined the invitation."))
    elif name == "revoke":
        revoke_invitation(actor=actor, invitation=invitation)
        text = gettext("The invitation of %(invited)s was revoked.")
        messages.success(request, text % {"invited": invitation.invited})
        return redirect(_page_of(invitation))
    elif name == "link":
        return _link_page(request, invitation, hand_out_link(actor=actor, invitation=invitation))
    else:
        raise NotFound
    return redirect("pages:account")


def _link_page(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Show the link, which cannot be shown again."""
    link = site_url() + reverse("pages:invitation-by-link", args=[token])
    context = {"invitation": described([invitation])[0], "secret": link, "back": _page_of(invitation)}
    response = render(request, "pages/invitation_link.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _page_of(invitation: Invitation) -> str:
    """Return the URL of the page that shows the people of the invitation's target."""
    target: Any = target_of(invitation.kind).find(invitation.target_id)
    return reverse(f"pages:{invitation.kind}-people", args=[target.public_id])
