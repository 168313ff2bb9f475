"""Forms for imports on the author's desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from releasehub.core.actor import Actor
from releasehub.importing.models import ImportSource
from releasehub.importing.sources.base import SourceKind
from releasehub.importing.sources.registry import KINDS
from releasehub.pages.forms import MAX_CHOICES, ServiceForm

SCHEDULES = [
    (0, _("Never")),
    (1, _("Every hour")),
    (6, _("Every 6 hours")),
    (24, _("Every day")),
    (168, _("Every week")),
]
REMOVALS = [
    ("keep", _("Keep the version")),
    ("yank", _("Yank the version")),
]


class ImportSettingsForm(ServiceForm):
    """The settings of an import that exists."""

    token = forms.CharField(
        label=_("Token"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("For private repositories, or for more requests per hour. It is stored encrypted."),
    )
    has_prereleases = forms.BooleanField(label=_("Import pre-releases"), required=False, initial=True)
    has_drafts = forms.BooleanField(label=_("Import drafts, as drafts"), required=False)
    newest_only = forms.IntegerField(
        label=_("Only the newest releases"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_("The number of releases. Leave empty to import all."),
    )
    sync_hours = forms.TypedChoiceField(label=_("Repeat the import"), choices=SCHEDULES, coerce=int, initial=0)
    when_removed = forms.ChoiceField(
        label=_("If a release is removed at the source"), choices=REMOVALS, initial="keep", widget=forms.RadioSelect
    )

    def values(self) -> dict[str, Any]:
        """Return the fields for the services. An empty token keeps the stored one."""
        values = dict(self.cleaned_data)
        return values | {"token": values["token"] or None}


class EditImportForm(ImportSettingsForm):
    """The settings of an import, with the choice to remove its token."""

    no_token = forms.BooleanField(label=_("Remove the stored token"), required=False)
    field_order = ("token", "no_token")

    def __init__(self, *args: Any, source: ImportSource, **kwargs: Any) -> None:
        names = [name for name in self.base_fields if hasattr(source, name)]
        initial = {name: getattr(source, name) for name in names}
        super().__init__(*args, **kwargs | {"initial": initial})
        if source.has_token:
            self.fields["token"].help_text = _("A token is stored. Leave empty to keep it.")
        else:
            del self.fields["no_token"]
        if source.sync_hours not in dict(SCHEDULES):
            self.fields["sync_hours"].choices = [  # type: ignore[attr-defined]
                *SCHEDULES,
                (source.sync_hours, _("Every %(hours)s hours") % {"hours": source.sync_hours}),
            ]

    def values(self) -> dict[str, Any]:
        values = super().values()
        return values | ({"token": ""} if values.pop("no_token", False) else {})


class NewImportForm(ImportSettingsForm):
    """A new import, into a download of the actor or into a new one."""

    kind = forms.ChoiceField(label=_("Import from"))
    address = forms.CharField(
        label=_("Repository or download"),
        max_length=500,
        help_text=_(
            "For GitHub, Gitea, Forgejo and GitLab owner/repository, for another ReleaseHub the slug of the download, "
            "and otherwise the number of the download or resource."
        ),
    )
    api_url = forms.CharField(
        label=_("URL of the API"),
        required=False,
        max_length=500,
        help_text=_("Leave empty for github.com and gitlab.com. Otherwise for example https://git.example.com/api/v1."),
    )
    download: forms.ModelChoiceField[Download] = forms.ModelChoiceField(
        queryset=Download.objects.none(),
        label=_("Import into"),
        required=False,
        empty_label=_("A new download"),
        to_field_name="public_id",
    )
    category: forms.ModelChoiceField[Category] = forms.ModelChoiceField(
        queryset=Category.objects.none(),
        label=_("Category of a new download"),
        required=False,
        help_text=_("Only your team sees the new download until you show it on the site."),
    )
    field_order = ("kind", "address", "api_url", "token", "download", "category")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.name, gettext(kind.label)) for kind in offered_kinds()
        ]
        self.fields["kind"].initial = offered_kinds()[0].name
        postable = Download.objects.postable_by(actor).order_by("title", "pk")
        self.fields["download"].queryset = postable  # type: ignore[attr-defined]
        # The limit is on the choices that are shown, so that a URL can still select any other download.
        self.fields["download"].choices = [  # type: ignore[attr-defined]
            ("", self.fields["download"].empty_label),  # type: ignore[attr-defined]
            *((row.public_id, row.title) for row in postable[:MAX_CHOICES]),
        ]
        fitting = [
            row.pk for row in Category.objects.visible_to(actor) if download_policy.can_create(actor, rules_of(row))
        ]
        self.fields["category"].queryset = Category.objects.filter(pk__in=fitting)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("download") and not values.get("category"):
            self.add_error("category", _("Choose a category, or a download that exists."))
        return values


def offered_kinds() -> list[SourceKind]:
    """Return the kinds of sources that the pages offer. Folders of the server belong to commands."""
    return [kind for kind in KINDS.values() if not kind.is_local]
