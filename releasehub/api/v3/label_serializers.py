"""The shapes of named channels and platforms in the v3 dialect, in responses and in request bodies."""

from typing import Any

from rest_framework import serializers

from downloads.models import Download
from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.api.v3.fields import MAX_NAME_CHARACTERS, NullableTextField, V3MomentField
from releasehub.api.v3.loading import is_id
from releasehub.core.errors import Invalid
from versions.models import Label

MAX_PRODUCTS = 100


class V3LabelSerializer(ReadOnlySerializer):
    """A named channel or platform. `context["can_view"]` is a function that tells which products the caller may see."""

    id = serializers.CharField(source="public_id")
    createdAt = V3MomentField(source="created_at")
    updatedAt = V3MomentField(source="updated_at")
    name = serializers.CharField()
    displayName = serializers.CharField(source="display_name")
    description = serializers.CharField()
    productId = serializers.CharField(allow_null=True, help_text="The first of `productIds`")
    productIds = serializers.ListField(
        child=serializers.CharField(), help_text="The products that the caller may see; empty if it is for all products"
    )

    def get_product_ids(self, label: Label) -> list[str]:
        return [download.public_id for download in label.downloads.all() if self.context["can_view"](download)]

    def get_product_id(self, label: Label) -> str | None:
        return next(iter(self.get_product_ids(label)), None)


class V3LabelUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=MAX_NAME_CHARACTERS, required=False)
    displayName = serializers.CharField(max_length=MAX_NAME_CHARACTERS, required=False, source="display_name")
    description = NullableTextField(max_length=1000)
    productId = serializers.CharField(
        max_length=MAX_NAME_CHARACTERS, required=False, allow_null=True, source="product_id"
    )
    productIds = serializers.ListField(
        child=serializers.CharField(max_length=MAX_NAME_CHARACTERS),
        required=False,
        max_length=MAX_PRODUCTS,
        source="product_ids",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace the ids of products by the rows `downloads`; `productId` is the older form of a list of one."""
        product_id = attrs.pop("product_id", None)
        product_ids = attrs.pop("product_ids", [product_id] if product_id else None)
        return attrs if product_ids is None else attrs | {"downloads": self.find_downloads(set(product_ids))}

    def find_downloads(self, public_ids: set[str]) -> list[Download]:
        rows = Download.objects.visible_to(self.context["actor"])
        rows = rows.filter(public_id__in=[public_id for public_id in public_ids if is_id(public_id)])
        downloads = list(rows.select_related("category"))
        if len(downloads) < len(public_ids):
            raise Invalid("This product does not exist, or you may not see it. Check the id.", field="productIds")
        return downloads


class V3LabelCreateSerializer(V3LabelUpdateSerializer):
    required_fields = ("name", "displayName")
