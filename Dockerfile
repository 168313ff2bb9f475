FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    RELEASEHUB_DATA_DIR=/var/lib/releasehub \
    RELEASEHUB_STATIC_DIR=/app/static \
    RELEASEHUB_DEMO=0

RUN useradd --system --uid 10001 --home-dir "$RELEASEHUB_DATA_DIR" --create-home releasehub
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --no-deps --requirement requirements.txt && pip check

# The application cannot change its own code: only the data directory belongs to it.
COPY . .
RUN python -m compileall -q releasehub downloads versions files \
    && RELEASEHUB_DATA_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build

USER releasehub
VOLUME ["/var/lib/releasehub"]
EXPOSE 8000

# Any answer below 400 means that the process is up; a redirect to HTTPS is one.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status >= 400)"]

CMD ["granian", "--interface", "wsgi", "releasehub.wsgi:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]
