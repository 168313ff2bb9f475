"""Register with the event stream, which the search follows, when Django starts."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "releasehub.search"

    def ready(self) -> None:
        from releasehub.search.refresh import read_position
        from releasehub.webhooks.stream_readers import register_stream_reader

        register_stream_reader(read_position)
