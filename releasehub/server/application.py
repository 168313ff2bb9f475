"""The application that `granian --interface rsgi` serves."""

from django.conf import settings

from releasehub.core.requests import address_in, is_proxy
from releasehub.server.bridge import Bridge
from releasehub.server.wsgi import application as wsgi_application

application = Bridge(
    wsgi_application,
    threads=settings.WEB_THREADS,
    upload_threads=settings.UPLOAD_THREADS,
    max_waiting=settings.MAX_WAITING_REQUESTS,
    max_wait_seconds=settings.MAX_WAIT_SECONDS,
    address_of=lambda environ: address_in(environ) or "",
    is_proxy=is_proxy,
)
