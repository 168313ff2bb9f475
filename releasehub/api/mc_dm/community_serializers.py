"""The shapes of comments and reviews. Reviews have no route in the dialect; webhooks send them."""

from rest_framework import serializers

from releasehub.api.common.serializers import ReadOnlySerializer
from releasehub.api.mc_dm.fields import EpochField, OptionalIdField
from releasehub.api.mc_dm.serializers import AbsoluteSerializer, McDmDownloadSerializer, McDmUserSerializer
from releasehub.community.models import Comment, Contribution

CONTRIBUTION_STATES = ["visible", "moderated", "deleted"]


def state_of(row: Contribution) -> str:
    return "deleted" if row.is_deleted else row.state


class McDmCommentSerializer(AbsoluteSerializer):
    comment_id = serializers.IntegerField(source="pk")
    download_id = serializers.IntegerField()
    user_id = OptionalIdField(source="author_id", help_text="0: the account was deleted")
    username = serializers.CharField(source="author_name")
    comment_date = EpochField(source="created_at", help_text="Unix seconds")
    message = serializers.CharField(source="text", help_text="Markdown")
    comment_state = serializers.ChoiceField(choices=CONTRIBUTION_STATES)
    last_edit_date = EpochField(source="last_edit_at", help_text="Unix seconds; 0: never edited")
    edit_count = serializers.IntegerField()
    is_visible = serializers.BooleanField(source="is_shown")

    def get_comment_state(self, comment: Comment) -> str:
        return state_of(comment)


class McDmFullCommentSerializer(McDmCommentSerializer):
    """A comment with its download and author. `context`: `allows`, a function of an action and the comment."""

    public_id = serializers.CharField()
    can_view = serializers.BooleanField()
    can_edit = serializers.BooleanField()
    can_delete = serializers.BooleanField()
    Download = McDmDownloadSerializer(source="download")
    User = McDmUserSerializer(allow_null=True, source="author")

    constants = {"can_view": True}

    def get_can_edit(self, comment: Comment) -> bool:
        return bool(self.context["allows"]("edit", comment))

    def get_can_delete(self, comment: Comment) -> bool:
        return bool(self.context["allows"]("delete", comment))


class McDmPayloadReviewSerializer(ReadOnlySerializer):
    """A review in the data of a webhook, with names like those of a comment."""

    review_id = serializers.IntegerField(source="pk")
    download_id = serializers.IntegerField()
    user_id = OptionalIdField(source="author_id")
    username = serializers.CharField(source="author_name")
    rating = serializers.IntegerField()
    review_date = EpochField(source="created_at")
    message = serializers.CharField(source="text")
    review_state = serializers.ChoiceField(choices=CONTRIBUTION_STATES)
    last_edit_date = EpochField(source="last_edit_at")
    edit_count = serializers.IntegerField()
    is_visible = serializers.BooleanField(source="is_shown")
    author_reply = serializers.CharField(source="reply")

    def get_review_state(self, review: Contribution) -> str:
        return state_of(review)
