"""`/metrics`: figures that move with what they speak of, for those who may read them."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from celery.signals import task_postrun, task_prerun
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from files.models import Blob, File
from releasehub.operations.records import record_backup
from releasehub.server.celery import app
from releasehub.webhooks.models import Delivery
from tests.factories import make_file, make_version, system
from tests.webhooks.conftest import make_endpoint

pytestmark = pytest.mark.django_db


def samples(**headers: str) -> dict[str, float]:
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        f"{sample.name}{''.join(sample.labels.values())}": sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_include_files_and_audit_log() -> None:
    before = samples()
    file = make_file()
    File.objects.filter(pk=file.pk).update(validation_status="pending")
    Blob.objects.filter(pk=file.blob_id).update(state="missing")
    after = samples()
    assert after["releasehub_files_pending"] == before["releasehub_files_pending"] + 1
    assert after["releasehub_blobs_missing"] == before["releasehub_blobs_missing"] + 1
    assert after["releasehub_audit_unchained"] > before["releasehub_audit_unchained"]


def test_metrics_include_pending_webhooks(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = (ip_network("127.0.0.0/8"),)
    make_endpoint("http://127.0.0.1:8999/")
    make_version()
    waiting = Delivery.objects.filter(state="pending").count()
    assert waiting
    assert samples()["releasehub_webhook_queue_depth"] == waiting


def test_metrics_include_tasks_and_failures() -> None:
    app.loader.import_default_modules()
    task = app.tasks["webhooks.sweep"]
    for state in ("SUCCESS", "FAILURE"):
        task_prerun.send(sender=task, task_id=state, task=task)
        task_postrun.send(sender=task, task_id=state, task=task, state=state)
    found = samples()
    assert found["releasehub_task_failures_totalwebhooks.sweep"] == 1
    assert found["releasehub_task_secondswebhooks.sweep"] >= 0


def test_metrics_require_a_token_or_loopback(settings: Any) -> None:
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "open-sesame"
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert samples(Authorization="Bearer open-sesame")


def test_metrics_include_the_last_backup() -> None:
    assert "releasehub_backup_time_seconds" not in samples()
    record_backup("20261128T040000Z", target="/backups", started_at=timezone.now(), figures={})
    assert samples()["releasehub_backup_time_seconds"] == pytest.approx(timezone.now().timestamp(), abs=600)


def test_metrics_take_a_few_queries(django_assert_max_num_queries: Any) -> None:
    system()
    with django_assert_max_num_queries(9):
        samples()
