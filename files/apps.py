from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "files"

    def ready(self) -> None:
        from files.models import File
        from files.snapshots import file_snapshot
        from releasehub.webhooks.services import register_snapshot

        register_snapshot(File, file_snapshot)
