"""The Django app of users and organizations."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "releasehub.accounts"
    label = "accounts"

    def ready(self) -> None:
        from releasehub.accounts import sign_in_signals, signals  # noqa: F401
