"""The settings. Importing them also makes our Celery application the current one, so that tasks can be sent."""

from releasehub.server.celery import app as celery_app

__all__ = ["celery_app"]
