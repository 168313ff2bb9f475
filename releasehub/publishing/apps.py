"""Register what the app `publishing` adds to files when Django starts."""

from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "releasehub.publishing"

    def ready(self) -> None:
        from files.new_content import announce_new_content
        from releasehub.publishing.security_marks import end_unvouched_mark

        announce_new_content.register(end_unvouched_mark)
