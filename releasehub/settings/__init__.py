"""Settings. Whoever loads them also gets our Celery application as the current one, for tasks to be sent with."""

from releasehub.server.celery import app as celery_app

__all__ = ["celery_app"]
