"""Forms for comments, reviews and replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from releasehub.pages.forms import ServiceForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RATINGS = [
    (5, _("5: excellent")),
    (4, _("4: good")),
    (3, _("3: acceptable")),
    (2, _("2: poor")),
    (1, _("1: very poor")),
]
MARKDOWN = _("You can use Markdown.")


def text_field(label: StrOrPromise, *, required: bool, help_text: StrOrPromise) -> forms.CharField:
    """Return a field for Markdown, of which `editor.js` shows a preview."""
    widget = forms.Textarea(attrs={"rows": 4, "data-preview": ""})
    return forms.CharField(label=label, required=required, widget=widget, help_text=help_text)


class CommentForm(ServiceForm):
    text = text_field(_("Comment"), required=True, help_text=MARKDOWN)


class ReviewForm(ServiceForm):
    rating = forms.TypedChoiceField(label=_("Rating"), choices=RATINGS, coerce=int, widget=forms.RadioSelect)
    text = text_field(
        _("Review"), required=False, help_text=_("Leave empty to rate without a text. You can use Markdown.")
    )


class ReplyForm(ServiceForm):
    text = text_field(_("Reply"), required=False, help_text=_("Leave empty to remove the reply. You can use Markdown."))
