"""WSGI entry point. An invalid setting stops the start with a readable message, as it does on the command line."""

import logging
import os

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.wsgi import get_wsgi_application

from releasehub.core.loading import pause_collections, resume_collections
from releasehub.server import watchdog as lifeline
from releasehub.server.ready import announce
from releasehub.server.telemetry import start as start_telemetry

logger = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")

start_telemetry()  # before Django loads the middleware
application = get_wsgi_application()

pause_collections()  # the checks load the URLs with all views
messages = run_checks()
resume_collections()
if problems := [message for message in messages if message.level >= ERROR]:
    raise SystemExit("\n".join(f"{problem.msg}\n  {problem.hint}" for problem in problems))
for message in messages:
    logger.warning("%s %s", message.msg, message.hint or "")

os.umask(settings.UMASK)  # files that the hub creates from here on are private
lifeline.hold()

if os.environ.get("RELEASEHUB_EMBEDDED_WORKER"):
    from releasehub.server.embedded import start_worker

    start_worker()

announce()
