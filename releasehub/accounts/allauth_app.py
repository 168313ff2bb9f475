"""The Django app of django-allauth, as this project installs it."""

from allauth.account.apps import AccountConfig


class AllauthAccountConfig(AccountConfig):
    """The app of django-allauth. It insists on its own middleware, which `PageAccountMiddleware` wraps for pages."""

    def ready(self) -> None:
        from allauth.account import checks  # noqa: F401
