from django.apps import AppConfig


class VersionsConfig(AppConfig):
    name = "versions"

    def ready(self) -> None:
        from releasehub.webhooks.services import register_snapshot
        from versions import lookups  # noqa: F401
        from versions.models import Version
        from versions.snapshots import version_snapshot

        register_snapshot(Version, version_snapshot)
