"""The page with the API keys of the signed-in user, with presets for frequent uses and snippets that use a new key."""

from dataclasses import dataclass
from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key, revoke_key
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.core.site import site_url
from releasehub.pages.form_pages import account_action, account_form, form_page
from releasehub.pages.forms import KeyForm

LABELS = dict(Scope.choices)


@dataclass(frozen=True)
class KeyPreset:
    """A filled-in form."""

    slug: str
    label: Any
    name: str
    scopes: tuple[Scope, ...]
    days: int

    @property
    def initial(self) -> dict[str, Any]:
        return {"name": self.name, "scopes": list(self.scopes), "days": self.days}


PRESETS = (
    KeyPreset("ci", _("Publish from CI to one download"), "CI", (Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE), 365),
    KeyPreset("read", _("Read only"), "Reader", (Scope.DOWNLOAD_READ, Scope.CATEGORY_READ, Scope.RELEASE_READ), 365),
    KeyPreset("webhooks", _("Manage webhooks"), "Webhooks", (Scope.WEBHOOK_READ, Scope.WEBHOOK_WRITE), 365),
)


def initial_of(slug: str) -> dict[str, Any]:
    """Return the initial values of a preset. An unknown preset has none."""
    return next((preset.initial for preset in PRESETS if preset.slug == slug), {})


def scopes_in_words(key: ApiKey) -> list[str]:
    return [str(LABELS.get(scope, scope)) for scope in key.scopes]


def snippets_of(key: ApiKey, secret: str) -> list[tuple[str, str]]:
    """Return titles and texts that use the key, for the download that it is bound to."""
    bound = Download.objects.filter(pk__in=key.download_ids).values_list("slug", flat=True).first()
    hub, slug = site_url(), bound or "my-download"
    return [
        ("curl", f'curl -H "XF-Api-Key: {secret}" {hub}/api/mc-dm-downloads/'),
        ("releasehub", f"export RELEASEHUB_URL={hub}\nexport RELEASEHUB_API_KEY={secret}\n"
         f"releasehub publish {slug}@1.0.0 dist/*"),
        ("GitHub Actions", "- name: Publish\n  env:\n"
         f"    RELEASEHUB_URL: {hub}\n    RELEASEHUB_API_KEY: ${{{{ secrets.RELEASEHUB_API_KEY }}}}\n"
         f'  run: releasehub publish "{slug}@${{GITHUB_REF_NAME#v}}" dist/* --strict'),
    ]  # fmt: skip


@account_form
def keys(request: HttpRequest) -> HttpResponseBase:
    """List the keys, or create one and show its secret, which cannot be shown again.

    A key outlives the session, so the user confirms the password first. Otherwise, somebody who finds a browser that
    is signed in could take lasting access.
    """
    actor = actor_of(request)
    initial = initial_of(request.GET.get("preset", ""))
    form = KeyForm(request.POST if request.method == "POST" else None, actor=actor, initial=initial)
    if not form.is_valid() or actor.user is None:
        rows = [(key, scopes_in_words(key)) for key in ApiKey.objects.filter(user=actor.user)]
        return form_page(request, "pages/keys.html", form, keys=rows, presets=PRESETS)
    raise_if_reauthentication_required(request, app="allauth.mfa")
    key, secret = issue_key(actor=actor, user=actor.user, **form.key())
    context = {"key": key, "scopes": scopes_in_words(key), "secret": secret, "snippets": snippets_of(key, secret)}
    response: HttpResponse = render(request, "pages/key_issued.html", context)
    response["Cache-Control"] = "no-store"
    return response


@account_action
def revoke(request: HttpRequest, pk: int) -> HttpResponseBase:
    key = first_or_not_found(ApiKey.objects.filter(pk=pk))
    revoke_key(actor=actor_of(request), key=key)
    messages.success(request, gettext("The API key %(name)s was revoked.") % {"name": key.name})
    return redirect("pages:keys")
