"""Traces and metrics for an OpenTelemetry collector, if the operator has installed `requirements-otel.txt`.

The packages are optional, so they are imported only when `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
"""

from typing import Any

from celery.signals import worker_process_init
from django.conf import settings

from releasehub.core.logs import redact


def start() -> None:
    """Start to export, once in each process that serves requests or runs tasks. Do nothing if it is not configured."""
    if not settings.OTEL_ENDPOINT:
        return
    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    resource = Resource.create({"service.name": settings.OTEL_SERVICE_NAME})
    # If the caller samples its trace, the hub adds its part; otherwise the ratio decides.
    tracer = TracerProvider(
        resource=resource, sampler=ParentBased(TraceIdRatioBased(settings.OTEL_SAMPLE_PERCENT / 100))
    )
    tracer.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{settings.OTEL_ENDPOINT}/v1/traces")))
    trace.set_tracer_provider(tracer)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{settings.OTEL_ENDPOINT}/v1/metrics"))
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[reader]))
    instrument()


def instrument() -> None:
    """Let Django, Celery and psycopg create spans and metrics. This has to run before Django loads its middleware."""
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor

    DjangoInstrumentor().instrument(
        request_hook=redact_urls, response_hook=add_request_id, middleware_position=position()
    )
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().instrument()


def position() -> int:
    """Return where the middleware of OpenTelemetry belongs.

    It checks the host name, so it must not run before health checks are answered, which have any host name.
    """
    return settings.MIDDLEWARE.index("django.middleware.security.SecurityMiddleware")


def redact_urls(span: Any, request: Any) -> None:
    """Remove secrets from the URL in the span, because they must not be stored in a collector either."""
    if span.is_recording():
        for name, value in dict(span.attributes).items():
            if isinstance(value, str):
                span.set_attribute(name, redact(value))


def add_request_id(span: Any, request: Any, response: Any) -> None:
    """Add the id that is in the logs and in the response, so that a trace can be found by it."""
    if span.is_recording():
        span.set_attribute("hub.request_id", request.META["releasehub.request_id"])


def start_in_workers() -> None:
    """Start to export in each process of a Celery worker. The threads that export do not survive a fork."""
    worker_process_init.connect(lambda **_: start(), weak=False, dispatch_uid="telemetry")
