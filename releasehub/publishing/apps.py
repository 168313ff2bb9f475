"""Register what the app `publishing` adds to downloads and files when Django starts."""

from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "releasehub.publishing"

    def ready(self) -> None:
        from downloads.services.sharing import grants_passed_on
        from files.new_content import announce_new_content
        from releasehub.publishing.lifecycle import pass_on_schedules
        from releasehub.publishing.security_marks import end_unvouched_mark

        announce_new_content.register(end_unvouched_mark)
        grants_passed_on.register(pass_on_schedules)
