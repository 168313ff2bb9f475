# The image is pinned by digest, because a tag can be moved. `docker buildx imagetools inspect python:3.11-slim` prints the
# current digest. Set PYTHON_IMAGE to use another image for one build.
ARG PYTHON_IMAGE=python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7
FROM ${PYTHON_IMAGE}

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    RELEASEHUB_DATA_DIR=/var/lib/releasehub \
    RELEASEHUB_STATIC_DIR=/app/static \
    RELEASEHUB_DEMO=0

RUN useradd --system --uid 10001 --home-dir "$RELEASEHUB_DATA_DIR" --create-home releasehub
WORKDIR /app

# REQUIREMENTS names a lock of optional packages: requirements-otel.txt has OpenTelemetry.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt ./
COPY requirements-otel.txt ./
RUN pip install --require-hashes --no-deps --requirement requirements.txt \
    && pip install --require-hashes --no-deps --requirement "$REQUIREMENTS" && pip check

# The application cannot change its own code: only the data directory belongs to it.
COPY . .
RUN python -m compileall -q releasehub downloads versions files \
    && RELEASEHUB_DATA_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build

USER releasehub
VOLUME ["/var/lib/releasehub"]
EXPOSE 8000

# /healthz answers for every host name and without a redirect to HTTPS.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

# The options of releasehub/server/command.py. RELEASEHUB_WEB_THREADS and RELEASEHUB_UPLOAD_THREADS bound the threads of a
# worker process, and the database pool has a connection for each of them.
CMD ["granian", "--interface", "rsgi", "--http", "1", "--no-ws", "--blocking-threads", "1", "--backpressure", "1000", "--http1-header-read-timeout", "15000", "--workers-kill-timeout", "5", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "releasehub.server.application:application"]
