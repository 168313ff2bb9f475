"""WSGI entry point. An invalid setting stops the start with a readable message, as it does on the command line."""

import os

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.wsgi import get_wsgi_application

from releasehub.server import watchdog as lifeline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")

application = get_wsgi_application()

if problems := [check for check in run_checks() if check.level >= ERROR]:
    raise SystemExit("\n".join(f"{check.msg}\n  {check.hint}" for check in problems))

os.umask(settings.UMASK)  # files that the hub creates from here on are private
lifeline.hold()

if os.environ.get("RELEASEHUB_EMBEDDED_WORKER"):
    from releasehub.server.embedded import start_worker

    start_worker()
