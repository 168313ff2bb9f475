"""The shapes of pictures in the native API, in responses and in request bodies."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from files.models import Picture
from files.models.picture import MAX_TEXT_CHARACTERS
from files.pictures.formats import ACCEPTED_FORMATS, FORMATS, MAX_UPLOAD_BYTES
from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.core.models import PUBLIC_ID_CHARACTERS


class PictureSizeSerializer(serializers.Serializer[Any]):
    width = serializers.IntegerField(read_only=True, help_text="Pixels")
    height = serializers.IntegerField(read_only=True, help_text="Pixels")
    url = serializers.URLField(read_only=True, help_text="A WebP image; the URL always shows the same bytes")


class PictureSerializer(ReadOnlySerializer):
    """A picture. `context`: `base_url`."""

    id = serializers.CharField(source="public_id")
    download_id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Picture.Kind.choices)
    alt_text = serializers.CharField()
    caption = serializers.CharField()
    width = serializers.IntegerField(help_text="Of the upload, in pixels")
    height = serializers.IntegerField(help_text="Of the upload, in pixels")
    sha256 = serializers.CharField(help_text="Of the upload, in hex digits")
    sizes = PictureSizeSerializer(many=True, help_text="The smallest first")
    created_at = serializers.DateTimeField()

    def get_sizes(self, picture: Picture) -> list[dict[str, Any]]:
        base_url = self.context["base_url"]
        return [
            {"width": size.width, "height": size.height, "url": base_url + size.path} for size in picture.sizes.all()
        ]


class PictureUpdateSerializer(InputSerializer):
    alt_text = serializers.CharField(
        max_length=MAX_TEXT_CHARACTERS,
        required=False,
        allow_blank=True,
        help_text="What the picture shows, for visitors who do not see it",
    )
    caption = serializers.CharField(max_length=MAX_TEXT_CHARACTERS, required=False, allow_blank=True)


class PictureCreateSerializer(PictureUpdateSerializer):
    kind = serializers.ChoiceField(choices=Picture.Kind.choices, help_text="A new icon or cover replaces the old one")
    file = serializers.FileField(
        allow_empty_file=True, help_text=f"{ACCEPTED_FORMATS}, at most {MAX_UPLOAD_BYTES} bytes"
    )


class PictureOrderSerializer(InputSerializer):
    pictures = serializers.ListField(
        child=serializers.CharField(max_length=PUBLIC_ID_CHARACTERS),
        max_length=FORMATS["screenshot"].max_count,
        help_text="The ids of all screenshots in their new order",
    )


class PictureAnswerSerializer(serializers.Serializer[Any]):
    picture = PictureSerializer()


@extend_schema_serializer(many=False)
class PictureListSerializer(serializers.Serializer[Any]):
    pictures = PictureSerializer(many=True)
