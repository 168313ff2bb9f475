"""The Grafana dashboard and the Prometheus alerts use metrics that a hub has, and each metric is on the dashboard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.signals import task_postrun, task_prerun
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from releasehub.core.cluster.replica_health import health
from releasehub.operations.records import record_backup
from releasehub.server.celery import app
from releasehub.server.metrics import HubCollector
from tests.server.promtool import checked, needs_promtool, promtool

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
RULES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())["groups"][0]["rules"]
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
NAME = re.compile(r"\breleasehub_[a-z_]+\b")
LABEL = re.compile(r"\bby \((\w+)\)")


@pytest.fixture
def printed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The labels of each metric that `/metrics` prints for a hub with a replica, a backup and a task that ran."""
    settings.USE_REPLICA = True
    monkeypatch.setattr(health, "is_usable", lambda: True)
    record_backup("b", target="/b", started_at=timezone.now(), figures={})
    app.loader.import_default_modules()
    task = app.tasks["webhooks.sweep"]
    task_prerun.send(sender=task, task_id="1", task=task)
    task_postrun.send(sender=task, task_id="1", task=task, state="SUCCESS")
    registry = CollectorRegistry()
    registry.register(HubCollector())
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def test_only_existing_metrics_are_used_and_each_is_on_the_dashboard(printed: dict[str, set[str]]) -> None:
    alerts = {name for rule in RULES for name in NAME.findall(rule["expr"])}
    assert alerts <= set(printed)
    assert {name for expression in EXPRESSIONS for name in NAME.findall(expression)} == set(printed)


def test_metrics_have_the_labels_by_which_they_are_grouped(printed: dict[str, set[str]]) -> None:
    for expression in EXPRESSIONS:
        for label in LABEL.findall(expression):
            assert all(label in printed[name] for name in NAME.findall(expression)), expression


@needs_promtool
def test_prometheus_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    expressions = [text.replace("$job", "releasehub") for text in EXPRESSIONS]
    assert f"{len(EXPRESSIONS)} rules found" in checked(expressions, tmp_path)


@needs_promtool
def test_each_alert_fires_when_it_should_and_none_on_a_healthy_hub() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", DEPLOY / "prometheus-alerts.yml")
    assert "SUCCESS" in promtool("test", "rules", DEPLOY / "prometheus-alerts.test.yml")
    cases = yaml.safe_load((DEPLOY / "prometheus-alerts.test.yml").read_text())["tests"]
    healthy, *others = [
        {test["alertname"] for test in case["alert_rule_test"] if case is cases[0] or "exp_alerts" in test}
        for case in cases
    ]
    assert healthy == set().union(*others) == {rule["alert"] for rule in RULES}


def test_each_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_panels_have_their_own_ids_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["w"])
        for y in range(place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
