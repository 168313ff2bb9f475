"""Forms that create and change webhook endpoints and replay their deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from releasehub.core.actor import Actor
from releasehub.pages.forms import MAX_CHOICES, ServiceForm, managed_downloads
from releasehub.webhooks.authentication import MAX_NAME_CHARACTERS, MAX_SECRET_CHARACTERS, AuthType, form_choices
from releasehub.webhooks.endpoint_fields import MAX_DESCRIPTION_CHARACTERS, MAX_TITLE_CHARACTERS, MAX_URL_CHARACTERS
from releasehub.webhooks.filters import EVERYTHING, KINDS, TRAFFIC, expand_names, single_names
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import administered_organizations

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SITE = "site"
GROUPS = (*KINDS, TRAFFIC)
VERBS = {
    "created": _("created"),
    "updated": _("updated"),
    "published": _("published"),
    "unpublished": _("unpublished"),
    "yanked": _("yanked"),
    "unyanked": _("unyanked"),
    "activated": _("activated"),
    "archived": _("archived"),
    "restored": _("restored"),
    "validated": _("validated"),
    "rejected": _("rejected"),
    "approved": _("approved"),
    "started": _("started"),
    "completed": _("completed"),
    "failed": _("failed"),
    "gate_passed": _("gate passed"),
    "gate_failed": _("gate failed"),
    "gate_all_passed": _("all gates passed"),
    "deleted.soft": _("soft-deleted"),
    "deleted.hard": _("permanently deleted"),
}


def event_choices(kind: str) -> list[tuple[str, Any]]:
    """Return the event names that a filter accepts, with their labels."""
    verbs = [(name, name.removeprefix(f"{kind}.")) for name in single_names(kind)]
    return [(f"{kind}.*", _("everything")), *((name, VERBS.get(verb, verb)) for name, verb in verbs)]


def events_field(kind: str, label: StrOrPromise) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=event_choices(kind), required=False, widget=forms.CheckboxSelectMultiple, label=label
    )


class EndpointForm(ServiceForm):
    url = forms.CharField(
        label=_("URL"),
        max_length=MAX_URL_CHARACTERS,
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/hook"}),
        help_text=_("The URL that receives deliveries as POST requests. It must be reachable from the internet."),
    )
    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE_CHARACTERS, required=False)
    description = forms.CharField(label=_("Description"), max_length=MAX_DESCRIPTION_CHARACTERS, required=False)
    format = forms.ChoiceField(
        label=_("Format"),
        choices=Endpoint.Format.choices,
        initial=Endpoint.Format.STANDARD,
        help_text=_("Use Standard Webhooks, unless your receiver requires another format."),
    )
    auth_type = forms.ChoiceField(
        label=_("Authentication at the receiver"),
        required=False,
        help_text=_("The hub can send a user name and password (HTTP Basic), or a header with a secret value."),
    )
    auth_name = forms.CharField(
        label=_("User name, or name of the header"), max_length=MAX_NAME_CHARACTERS, required=False
    )
    auth_secret = forms.CharField(
        label=_("Password, or value of the header"),
        max_length=MAX_SECRET_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It is stored encrypted and never shown again. A URL with another host removes it."),
    )
    events_download = events_field("download", _("Download events"))
    events_version = events_field("version", _("Version events"))
    events_file = events_field("file", _("File events"))
    events_comment = events_field("comment", _("Comment events"))
    events_review = events_field("review", _("Review events"))
    events_traffic = events_field(
        TRAFFIC, _("Traffic events: one for each download of a file, never included otherwise")
    )
    verify_tls = forms.BooleanField(
        label=_("Verify the TLS certificate"),
        required=False,
        initial=True,
        help_text=_(
            "Without verification, a third party on the network can read the deliveries. Only staff can disable it."
        ),
    )
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        initial=True,
        help_text=_("An inactive endpoint receives no events, and they are not queued for it."),
    )

    def __init__(self, *args: Any, actor: Actor, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = endpoint.auth_type if endpoint else AuthType.NONE
        self.fields["auth_type"].choices = form_choices(current)  # type: ignore[attr-defined]
        if not endpoint_policy.can_skip_tls(actor):
            del self.fields["verify_tls"]

    @staticmethod
    def initial_of(endpoint: Endpoint) -> dict[str, Any]:
        event_names = expand_names(endpoint.events)
        if EVERYTHING in event_names:
            event_names = set()
        names = ("url", "title", "description", "format", "verify_tls", "is_active")
        return {name: getattr(endpoint, name) for name in names} | {
            f"events_{kind}": [name for name, _ in event_choices(kind) if name in event_names] for kind in GROUPS
        }

    def values(self) -> dict[str, Any]:
        """Return the arguments for the services. If all events of a kind are selected, single events are redundant."""
        names = (
            *("url", "title", "description", "format", "verify_tls", "is_active"),
            *("auth_type", "auth_name", "auth_secret"),
        )
        values = {name: self.cleaned_data[name] for name in names if name in self.fields}
        events: list[str] = []
        for kind in GROUPS:
            event_names = self.cleaned_data[f"events_{kind}"]
            events += [f"{kind}.*"] if f"{kind}.*" in event_names else event_names
        return values | {"events": events}


class NewEndpointForm(EndpointForm):
    belongs_to = forms.ChoiceField(
        label=_("Events of"), help_text=_("An endpoint of an organization receives the events of all its downloads.")
    )
    field_order = ["belongs_to", "url"]

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        del self.fields["is_active"]
        downloads = managed_downloads(actor).only("title")[:MAX_CHOICES]
        choices = [(f"download-{row.pk}", row.title) for row in downloads]
        self._organizations = {row.pk: row for row in administered_organizations(actor)[:MAX_CHOICES]}
        choices += [(f"organization-{row.pk}", row.name) for row in self._organizations.values()]
        if endpoint_policy.can_manage_scope(actor, organization_id=None, download_id=None):
            choices.append((SITE, gettext("The whole hub")))
        self.has_choice = bool(choices)
        self.fields["belongs_to"].choices = choices  # type: ignore[attr-defined]

    def scope(self) -> dict[str, Any]:
        """Return the owner of the endpoint as arguments for the service."""
        kind, _, pk = self.cleaned_data["belongs_to"].partition("-")
        if kind == "download":
            return {"download_id": int(pk)}
        return {"organization": self._organizations[int(pk)]} if kind == "organization" else {}


class RangeForm(forms.Form):
    """A range of time for replaying deliveries, in the time zone of the visitor."""

    since = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    until = forms.DateTimeField(label=_("Until"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
