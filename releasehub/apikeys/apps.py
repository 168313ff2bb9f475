"""The Django app of API keys."""

from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "releasehub.apikeys"
    verbose_name = "API keys"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser, register_exporter, register_possession
        from releasehub.apikeys.personal_data import API_KEYS, keys_of, revoke_keys

        register_possession(API_KEYS)
        register_eraser(revoke_keys)
        register_exporter("api_keys", keys_of)
