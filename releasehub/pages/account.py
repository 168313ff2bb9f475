"""The overview of the account pages: invitations, downloads, organizations, and webhooks that stopped."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from downloads.models import Download
from releasehub.core.requests import actor_of
from releasehub.distribution.current_versions import current_version_numbers
from releasehub.pages.invitation_lists import invitations_of, organizations_of
from releasehub.webhooks.endpoint_states import in_state
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.querysets import visible_endpoints

MAX_DOWNLOADS = 100
MAX_NOTICES = 5


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    mine = Download.objects.worked_on_by(actor).select_related("category")
    downloads = mine.order_by("title")[:MAX_DOWNLOADS]
    shown = [download.pk for download in downloads]
    context = {
        "downloads": downloads,
        "current_numbers": current_version_numbers(shown),
        "team_managed": set(Download.objects.team_managed_by(actor).filter(pk__in=shown).values_list("pk", flat=True)),
        "invitations": invitations_of(actor),
        "organizations": organizations_of(actor),
        "disabled": in_state(visible_endpoints(actor), Endpoint.State.DISABLED)[:MAX_NOTICES],
    }
    return render(request, "pages/account.html", context)
