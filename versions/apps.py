from django.apps import AppConfig


class VersionsConfig(AppConfig):
    name = "versions"

    def ready(self) -> None:
        from downloads.exposure import register_exposure
        from releasehub.webhooks.services import register_snapshot
        from versions import lookups  # noqa: F401
        from versions.exposure import remember_versions_of
        from versions.models import Version
        from versions.snapshots import version_snapshot

        register_snapshot(Version, version_snapshot)
        register_exposure(remember_versions_of)
