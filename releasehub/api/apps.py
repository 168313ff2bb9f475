from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "releasehub.api"
    verbose_name = "API"

    def ready(self) -> None:
        from releasehub.api.mc_dm import webhook_payloads as mc_dm
        from releasehub.api.v3 import webhook_payloads as v3

        mc_dm.register()
        v3.register()
