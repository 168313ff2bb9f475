from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "releasehub.operations"

    def ready(self) -> None:
        from releasehub.core.read_only import register_source
        from releasehub.operations.read_only import is_mode_on

        register_source(is_mode_on)
