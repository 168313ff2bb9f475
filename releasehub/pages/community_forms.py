"""Forms for comments, reviews and replies."""

from __future__ import annotations

from django import forms

from releasehub.pages.forms import ServiceForm

RATINGS = [(5, "5: excellent"), (4, "4: good"), (3, "3: acceptable"), (2, "2: poor"), (1, "1: very poor")]


def text_field(label: str, *, required: bool, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, widget=forms.Textarea(attrs={"rows": 4}), help_text=help_text
    )


class CommentForm(ServiceForm):
    text = text_field("Comment", required=True, help_text="You can use Markdown.")


class ReviewForm(ServiceForm):
    rating = forms.TypedChoiceField(choices=RATINGS, coerce=int, widget=forms.RadioSelect)
    text = text_field("Review", required=False, help_text="Leave empty to rate without a text. You can use Markdown.")


class ReplyForm(ServiceForm):
    text = text_field("Reply", required=False, help_text="Leave empty to remove the reply. You can use Markdown.")
