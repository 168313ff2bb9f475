"""Register the imports of users with their accounts when Django starts."""

from django.apps import AppConfig


class ImportingConfig(AppConfig):
    name = "releasehub.importing"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser, register_exporter, register_possession
        from releasehub.importing.personal_data import IMPORTS, end_imports, imports_of

        register_possession(IMPORTS)
        register_eraser(end_imports)
        register_exporter("imports", imports_of)
