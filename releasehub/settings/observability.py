"""Logs, and traces and metrics for OpenTelemetry."""

import logging

from releasehub.settings.environment import env

env.section = "Logs and traces"

LOG_FORMAT = env.choice(
    "LOG_FORMAT",
    "line",
    ["line", "json"],
    help="`json`: one JSON object in each line. Both have the id of the request; keys and signatures never appear",
)
LOG_LEVEL = env.choice(
    "LOG_LEVEL", "INFO", list(logging.getLevelNamesMapping()), help="The lowest level that is logged"
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "bad_requests": {"()": "releasehub.core.logs.BadRequestFilter"},
        "request_id": {"()": "releasehub.core.logs.RequestIdFilter"},
        "secrets": {"()": "releasehub.core.logs.SecretsFilter"},
    },
    "formatters": {
        "line": {"()": "releasehub.core.logs.OneLineFormatter"},
        "json": {"()": "releasehub.core.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["bad_requests", "request_id", "secrets"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}

OTEL_ENDPOINT = env.text(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    help="URL of an OpenTelemetry collector (OTLP over HTTP), such as `http://collector:4318`. See "
    "[traces](operating.md#traces)",
).rstrip("/")
OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME", "releasehub", help="Name of the hub in traces and metrics")
OTEL_SAMPLE_PERCENT = env.number(
    "RELEASEHUB_OTEL_SAMPLE_PERCENT",
    10,
    maximum=100,
    help="Share of the requests whose traces are sent. A request in a trace that the caller samples is always included",
)
