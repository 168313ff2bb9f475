"""Settings of the tests, with a temporary data directory. Services from the environment are used if they are set."""

import atexit
import os
import shutil
import tempfile

_data = tempfile.mkdtemp(prefix="releasehub-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["RELEASEHUB_DATA_DIR"] = _data
os.environ.setdefault("RELEASEHUB_DATABASE_POOL", "0")

from releasehub.settings.base import *  # noqa: E402
from releasehub.settings.base import CACHES, REDIS_URL, STATIC_ROOT, STORAGES  # noqa: E402

ANONYMOUS_CACHE_SECONDS = 0  # nearly all tests roll back what they did, so nothing would invalidate the cache
RIGHTS_CACHE_SECONDS = 0  # for the same reason
ANONYMOUS_RATE = 0
DOWNLOAD_EVENT_SECONDS = 0  # no timer outlives a test
MIN_FREE_BYTES = 0
READ_ONLY_CHECK_SECONDS = None  # no query that tests which count queries would see now and then
V3_BURST = 0  # tests of this limit set it themselves
SECRET_KEY = "test-only-0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

if REDIS_URL:  # clearing the cache empties a whole Redis database, so each test process uses its own
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    CACHES["limits"]["LOCATION"] = CACHES["default"]["LOCATION"] = (
        f"{REDIS_URL.rstrip('/').removesuffix('/0')}/{_worker + 1}"
    )
