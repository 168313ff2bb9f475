"""The forms that add and change pictures, for the admin and for the pages of authors."""

from collections.abc import Mapping
from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from files.models import Picture
from files.models.picture import MAX_TEXT_CHARACTERS
from files.pictures.ordering import move_screenshot
from files.pictures.services import receive_picture, remove_picture, update_picture
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound


class PictureTextsForm(forms.Form):
    alt_text = forms.CharField(
        label=_("Description for screen readers"),
        help_text=_("What the picture shows, in one sentence"),
        max_length=MAX_TEXT_CHARACTERS,
        required=False,
    )
    caption = forms.CharField(label=_("Caption"), max_length=MAX_TEXT_CHARACTERS, required=False)

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """Return the form of a stored picture. Its ids are unique on a page with several forms."""
        initial = {"alt_text": picture.alt_text, "caption": picture.caption}
        return cls(initial=initial, auto_id=f"{picture.public_id}_%s")


class PictureField(forms.FileField):
    """A picture that is sent with a form. The view streams it to the storage.

    Args:
        drop: The number of pictures that can be dropped or pasted at once: `one` or `several`.
    """

    def __init__(self, *, drop: str = "one", **options: Any) -> None:
        accepted = "image/png,image/jpeg,image/webp,image/gif,image/avif"
        super().__init__(
            help_text=_("PNG, JPEG, WebP, GIF or AVIF, at most 8 MiB"),
            allow_empty_file=True,
            widget=forms.FileInput(attrs={"accept": accepted, "data-drop": drop}),
            **options,
        )


class PictureForm(PictureTextsForm):
    """A new picture. The view streams the file to the storage, with `authorize_picture` as its check."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (Picture.Kind.SCREENSHOT, _("Screenshot")),
            (Picture.Kind.ICON, _("Icon (replaces the current one)")),
            (Picture.Kind.COVER, _("Cover (replaces the current one)")),
            (Picture.Kind.INLINE, _("Picture in a description or in release notes")),
        ],
    )
    file = PictureField(label=_("Picture"), drop="several")
    field_order = ("kind", "file", "alt_text", "caption")

    def save(self, actor: Actor, download: Download) -> Picture:
        values = dict(self.cleaned_data)
        upload = values.pop("file").staged
        return receive_picture(actor=actor, download=download, upload=upload, **values)


def change_picture(*, actor: Actor, picture: Picture, name: str, texts: Mapping[str, str]) -> None:
    """Carry out the button `name` of a page with pictures: texts, earlier, later or remove.

    Raises:
        NotFound: No button has this name.
        DomainError: As the service behind the button.
    """
    match name:
        case "texts":
            values = {field: texts.get(field, "") for field in PictureTextsForm.base_fields}
            update_picture(actor=actor, picture=picture, **values)
        case "earlier" | "later":
            move_screenshot(actor=actor, picture=picture, by=-1 if name == "earlier" else 1)
        case "remove":
            remove_picture(actor=actor, picture=picture)
        case _:
            raise NotFound
