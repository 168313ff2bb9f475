"""Register what the app `versions` adds to downloads and webhooks when Django starts."""

from django.apps import AppConfig


class VersionsConfig(AppConfig):
    name = "versions"

    def ready(self) -> None:
        from downloads.exposure import became_visible, check_default_channel, scheme_changed
        from downloads.holds import register_contributions
        from releasehub.webhooks.services import register_snapshot
        from versions import lookups  # noqa: F401
        from versions.exposure import keep_links_without_channel, remember_versions_of
        from versions.models import Version
        from versions.services.rekeying import reread_numbers
        from versions.snapshots import version_snapshot

        register_snapshot(Version, version_snapshot)
        register_contributions(lambda user: Version.all_objects.filter(author=user).order_by().values("download"))
        became_visible.register(remember_versions_of)
        scheme_changed.register(reread_numbers)
        check_default_channel.register(keep_links_without_channel)
