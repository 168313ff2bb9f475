"""Register what this app adds to webhooks and to the purge of deleted rows when Django starts."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "releasehub.community"

    def ready(self) -> None:
        from downloads.holds import register_contributions
        from releasehub.accounts.personal_data import register_eraser, register_exporter, register_possession
        from releasehub.community.announcing import read_position
        from releasehub.community.models import Comment, Review
        from releasehub.community.personal_data import POSSESSIONS, contributions_of, end_watches, written_about
        from releasehub.community.retention import community_purges
        from releasehub.community.snapshots import comment_snapshot, review_snapshot
        from releasehub.publishing.purge_registry import register_purge
        from releasehub.webhooks.services import register_snapshot
        from releasehub.webhooks.stream_readers import register_stream_reader

        register_snapshot(Comment, comment_snapshot)
        register_snapshot(Review, review_snapshot)
        for purge in community_purges():
            register_purge(purge)
        register_contributions(written_about)
        register_stream_reader(read_position)
        register_eraser(end_watches)
        for possession in POSSESSIONS:
            register_possession(possession)
        register_exporter("community", contributions_of)
