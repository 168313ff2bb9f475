"""Settings of the process that reads an upgraded database: those of a hub, without collected static files."""

from releasehub.settings.base import *
from releasehub.settings.base import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
