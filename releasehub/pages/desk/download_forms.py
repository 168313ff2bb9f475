"""Forms for downloads on the author's desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from files.pictures.forms import PictureField
from releasehub.core.actor import Actor
from releasehub.pages.forms import ServiceForm

VISIBILITIES = [
    ("public", _("Public: everybody finds and downloads it")),
    ("members", _("Members: only people who are signed in to this site see it")),
    ("organization", _("Organization: only members of organizations that offer it see it")),
    ("private", _("Private: only the team, and people who receive a share link")),
]
SCHEMES = [
    ("", _("Detect from the number")),
    ("semver", _("Semantic Versioning (1.4.2, 2.0.0-rc.1)")),
    ("dotted", _("Two to four numbers (1.4, 1.4.2.7)")),
    ("calver", _("Date and time (2026.11.29-153042)")),
    ("build", _("Build numbers (1.0.0+2 is newer than 1.0.0+1)")),
    ("pep440", _("Python (PEP 440)")),
    ("other", _("Any text")),
]


class TagsField(forms.CharField):
    """A list of tags, entered as text with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return list(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))


class FirstFieldsForm(ServiceForm):
    """The few fields that every download needs."""

    title = forms.CharField(label=_("Title"), max_length=150)
    category: forms.ModelChoiceField[Category] = forms.ModelChoiceField(
        queryset=Category.objects.none(), label=_("Category"), empty_label=None
    )
    tag_line = forms.CharField(
        label=_("Summary"), max_length=200, required=False, help_text=_("One sentence that says what it does.")
    )
    visibility = forms.ChoiceField(
        label=_("Who can see it"), choices=VISIBILITIES, initial="public", widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, actor: Actor, category: Category | None = None, **kwargs: Any) -> None:
        """Offer the categories in which the actor may create downloads, and the present one."""
        super().__init__(*args, **kwargs)
        fitting = [
            row.pk
            for row in Category.objects.visible_to(actor)
            if row == category or download_policy.can_create(actor, rules_of(row))
        ]
        self.fields["category"].queryset = Category.objects.filter(pk__in=fitting)  # type: ignore[attr-defined]

    @property
    def has_categories(self) -> bool:
        return bool(self.fields["category"].queryset.exists())  # type: ignore[attr-defined]


class NewDownloadForm(FirstFieldsForm):
    """A new download. Everything else can follow later."""

    file = PictureField(label=_("Icon"), required=False)
    field_order = ("title", "category", "tag_line", "file", "visibility")


class DownloadForm(FirstFieldsForm):
    slug = forms.SlugField(
        label=_("Name in links"),
        max_length=100,
        help_text=_("Old links keep working if you change it."),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "data-preview": ""}),
        help_text=_("Markdown."),
    )
    license = forms.CharField(
        label=_("License"), max_length=100, required=False, help_text=_("An SPDX identifier, such as MIT.")
    )
    tags = TagsField(label=_("Tags"), required=False, help_text=_("Separate tags with commas."))
    homepage_url = forms.URLField(label=_("Homepage"), required=False, assume_scheme="https")
    source_url = forms.URLField(label=_("Source code"), required=False, assume_scheme="https")
    shows_statistics = forms.BooleanField(
        label=_("Show downloads over time"),
        required=False,
        help_text=_("Everybody who sees the download can see its statistics. The team always can."),
    )
    default_channel = forms.CharField(
        label=_("Default channel"),
        max_length=256,
        help_text=_("Versions go into this channel unless their number names another one, such as 2.0.0-rc.1."),
    )
    version_scheme = forms.ChoiceField(label=_("Version numbers"), choices=SCHEMES, required=False)
    seal_on_publish = forms.BooleanField(
        label=_("Seal versions when they are published"),
        required=False,
        help_text=_("Nobody can change a sealed version, not even you."),
    )

    def __init__(self, *args: Any, actor: Actor, download: Download, **kwargs: Any) -> None:
        initial = {name: getattr(download, name) for name in self.base_fields}
        super().__init__(*args, actor=actor, category=download.category, initial=initial, **kwargs)
        if not download_policy.can_set_visibility(actor, download):
            del self.fields["visibility"]
