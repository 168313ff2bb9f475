"""The audit log in the admin: export with the filters of the list, and where it is shipped to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry, AuditSink
from tests.factories import make_download, make_user

pytestmark = pytest.mark.django_db


def exported(client: Client, address: str) -> str:
    answer: Any = client.get(f"/admin/audit/auditentry/{address}")
    assert answer.status_code == 200
    return b"".join(answer).decode()


def test_export_contains_the_rows_of_the_filtered_list(root: Client) -> None:
    make_download(title="=cmd|calc")
    rows = [json.loads(line) for line in exported(root, "export.jsonl").splitlines()]
    assert len(rows) == AuditEntry.objects.count()
    filtered = exported(root, f"export.jsonl?action__exact={AuditAction.DOWNLOAD_CREATE.value}").splitlines()
    assert [json.loads(line)["action"] for line in filtered] == [AuditAction.DOWNLOAD_CREATE.value]
    table = exported(root, "export.csv")
    assert len(table.splitlines()) == AuditEntry.objects.count() + 1  # each export adds a row
    assert "'=cmd" in table
    page = root.get("/admin/audit/auditentry/").content
    assert b"Export CSV" in page


def test_export_requires_permission_to_view_the_audit_log() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get("/admin/audit/auditentry/export.csv").status_code in {403, 404}
    assert Client().get("/admin/audit/auditentry/export.csv").status_code == 302


def test_only_site_administrators_manage_sinks_and_changes_are_audited(root: Client) -> None:
    data = {"kind": "jsonl", "target": "audit", "token": "", "is_active": "on"}
    assert root.post("/admin/audit/auditsink/add/", data).status_code == 302
    sink = AuditSink.objects.get()
    assert root.get(f"/admin/audit/auditsink/{sink.pk}/change/").status_code == 200
    assert root.post(f"/admin/audit/auditsink/{sink.pk}/delete/", {"post": "yes"}).status_code == 302
    actions = list(AuditEntry.objects.filter(target_type="auditsink").values_list("action", flat=True).order_by("id"))
    assert actions == ["audit_sink.create", "audit_sink.delete"]
    bad = root.post("/admin/audit/auditsink/add/", data | {"kind": "http", "target": "ftp://x"})
    assert bad.status_code == 200
    assert AuditSink.objects.count() == 0
    moderator = Client()
    moderator.force_login(make_user(is_staff=True, permissions=("moderate_download",)))
    assert moderator.get("/admin/audit/auditsink/").status_code == 403
