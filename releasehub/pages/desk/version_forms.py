"""Forms for versions on the author's desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.pages.forms import ServiceForm
from versions.models import Version
from versions.rollout import EVERYONE, NOBODY
from versions.suggestions import suggest_number
from versions.tags import MAX_TAG_CHARACTERS

VISIBILITIES = [
    ("listed", _("Listed: everybody who sees the download finds it")),
    ("unlisted", _("Unlisted: only people who know its URL find it")),
    ("private", _("Private: only the team sees it")),
]


class VersionForm(ServiceForm):
    """The fields of a version that an author changes. Its files are uploaded on the page of the version.

    Most versions need only MAIN. The other fields are folded until one of them has a value or an error.
    """

    MAIN = ("number", "channel", "release_notes")

    number = forms.CharField(label=_("Version number"), max_length=100)
    tag = forms.CharField(
        label=_("Git tag"),
        max_length=MAX_TAG_CHARACTERS,
        required=False,
        help_text=_("The tag in your source repository, if it is not v and the number. Optional."),
    )
    channel = forms.CharField(label=_("Channel"), max_length=256, required=False)
    title = forms.CharField(label=_("Title"), max_length=256, required=False, help_text=_("Optional."))
    release_notes = forms.CharField(
        label=_("Release notes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "data-preview": "", "data-changelog": "number"}),
        help_text=_("Markdown. You can drop a CHANGELOG.md here: the section of this version is taken from it."),
    )
    end_of_support = forms.DateField(
        label=_("Supported until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day with fixes for this version. Optional."),
    )
    rollout_percent = forms.IntegerField(
        label=_("Offered to (percent)"),
        required=False,
        min_value=NOBODY,
        max_value=EVERYONE,
        initial=EVERYONE,
        help_text=_(
            "The share of installed programs that are offered this version as an update. Raise it step by step."
        ),
    )
    visibility = forms.ChoiceField(
        label=_("Who can see it"), choices=VISIBILITIES, initial="listed", widget=forms.RadioSelect
    )

    is_security_release = forms.BooleanField(
        label=_("This is a security release"),
        required=False,
        help_text=_("Clients that wait some days before they update are offered it at once. The mark is recorded."),
    )

    def __init__(self, *args: Any, may_mark_security: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_mark_security:
            del self.fields["is_security_release"]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.MAIN]

    @property
    def has_more_to_show(self) -> bool:
        return any(row.errors or str(row.value() or "") != str(row.field.initial or "") for row in self.more_fields)

    def values(self) -> dict[str, Any]:
        """Return the fields for the services, without those that are left to the hub.

        If the channel is empty, the number decides. An empty percentage does not change the rollout.
        """
        left_out = {"channel": "", "rollout_percent": None}
        return {
            name: value for name, value in self.cleaned_data.items() if name not in left_out or value != left_out[name]
        }


class NewVersionForm(VersionForm):
    """A new version, with a number that follows the last one."""

    def __init__(self, *args: Any, download: Download, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": {"number": suggest_number(download)}})
        self.fields["channel"].help_text = _(
            "Leave empty to let the number decide: 2.0.0-rc.1 goes into rc, other versions into the default channel."
        )


class EditVersionForm(VersionForm):
    """A version that exists. Another channel promotes it there without a new upload."""

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        initial = {name: getattr(version, name) for name in self.base_fields}
        initial |= {"channel": version.shown_channel, "release_notes": version.notes}
        super().__init__(*args, **kwargs | {"initial": initial})
        self.fields["channel"].help_text = _("Choose another channel to promote the version without a new upload.")
