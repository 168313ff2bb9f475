"""Register what this app adds to webhooks and to the purge of deleted rows when Django starts."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "releasehub.community"
    label = "community"
    verbose_name = "Community"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser, register_exporter
        from releasehub.community.leaving import end_watches
        from releasehub.community.models import Comment, Review
        from releasehub.community.personal_export import contributions_of
        from releasehub.community.retention import purge_comments, purge_reports, purge_reviews
        from releasehub.community.snapshots import comment_snapshot, review_snapshot
        from releasehub.publishing.purging import register_purge
        from releasehub.webhooks.services import register_snapshot

        register_snapshot(Comment, comment_snapshot)
        register_snapshot(Review, review_snapshot)
        register_purge("comments", purge_comments)
        register_purge("reviews", purge_reviews)
        register_purge("reports", purge_reports)
        register_eraser(end_watches)
        register_exporter("community", contributions_of)
