"""Register the imports of users with their accounts when Django starts."""

from django.apps import AppConfig


class ImportingConfig(AppConfig):
    name = "releasehub.importing"
    label = "importing"
    verbose_name = "Importing"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser, register_exporter
        from releasehub.accounts.possessions import register_possession
        from releasehub.importing.leaving import end_imports
        from releasehub.importing.personal_export import imports_of
        from releasehub.importing.possessions import IMPORTS

        register_possession(IMPORTS)
        register_eraser(end_imports)
        register_exporter("imports", imports_of)
