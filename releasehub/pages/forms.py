"""Base classes and shared choices of the forms on the pages, and the form for API keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.core.domain_messages import translated
from releasehub.core.errors import Conflict, DomainError, Invalid, Rejected, TooMany

MAX_CHOICES = 500
MAX_CHECKBOXES = 100


def managed_downloads(actor: Actor) -> QuerySet[Download]:
    """Return the downloads whose team the actor manages, sorted by title, for the choices of a form.

    The number of choices is limited, so that the form stays usable.
    """
    return Download.objects.team_managed_by(actor).order_by("title", "pk")


class ServiceForm(forms.Form):
    """A form that leaves validation to the services. It only offers the choices and shows the services' errors."""

    wait_seconds = 0  # if a rate limit refused the form

    @contextmanager
    def refusals(self, *others: type[DomainError]) -> Iterator[None]:
        """Show the error with which a service in this block refuses the form.

        Other errors, such as a missing permission, become a page of their own, except for the classes in `others`.
        """
        shown: tuple[type[DomainError], ...] = (Conflict, Invalid, Rejected, TooMany, *others)
        try:
            yield
        except shown as error:
            self.refuse(error)

    def refuse(self, error: DomainError) -> None:
        """Show the error of a service next to the field that it concerns."""
        self.wait_seconds = error.wait if isinstance(error, TooMany) else 0
        self.add_error(error.field if error.field in self.fields else None, translated(error.message))


class SlugsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Downloads that are named by their slugs, for users who have too many for a list."""

    def __init__(self, queryset: QuerySet[Download], **kwargs: Any) -> None:
        super().__init__(queryset, to_field_name="slug", **kwargs)

    def clean(self, value: Any) -> QuerySet[Download]:
        return super().clean((value or "").lower().split())


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("The purpose of the key, such as “release pipeline”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE],
        help_text=_("The permissions of the key. A key never has more permissions than you."),
    )
    downloads = forms.ModelMultipleChoiceField(
        queryset=Download.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Limit to downloads"),
        help_text=_("Select none to give access to all of your downloads."),
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        label=_("Lifetime in days"),
        help_text=_("Leave empty for a key that does not expire."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Download.objects.inside_for(actor).order_by("title")
        if rows[MAX_CHECKBOXES:].exists():
            self.fields["downloads"] = SlugsField(
                rows,
                required=False,
                label=_("Limit to downloads"),
                help_text=_("One slug on each line. Leave empty to give access to all of your downloads."),
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        else:
            self.fields["downloads"].queryset = rows  # type: ignore[attr-defined]

    def key(self) -> dict[str, Any]:
        days = self.cleaned_data["days"]
        return {
            "name": self.cleaned_data["name"],
            "scopes": self.cleaned_data["scopes"],
            "download_ids": [download.pk for download in self.cleaned_data["downloads"]],
            "expires_at": timezone.now() + timedelta(days=days) if days else None,
        }
