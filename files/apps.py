from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "files"

    def ready(self) -> None:
        from downloads.held_limits import register_held_limits
        from files import held_limits
        from files.models import File
        from files.personal_data import clear_upload_addresses, export_avatar
        from files.pictures.avatars import erase_avatar
        from files.public_names import remember_files_of
        from files.snapshots import file_snapshot
        from files.storage import blob_storage
        from releasehub.accounts.personal_data import register_eraser, register_exporter
        from releasehub.core.readiness import register_check
        from releasehub.webhooks.services import register_snapshot
        from versions.exposure import became_visible

        register_snapshot(File, file_snapshot)
        became_visible.register(remember_files_of)
        register_held_limits(held_limits)
        register_check("storage", lambda: blob_storage().is_reachable())
        register_eraser(clear_upload_addresses)
        register_eraser(erase_avatar)
        register_exporter("picture", export_avatar)
