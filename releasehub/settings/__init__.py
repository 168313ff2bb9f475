"""The settings. Importing them also makes our Celery application the current one, so that tasks can be sent."""

from releasehub.core.loading import pause_collections

pause_collections()  # until the last app is ready, see `releasehub.server.apps`

from releasehub.server.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
