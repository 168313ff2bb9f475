"""Deliver audit rows to one sink: a syslog server, an HTTP endpoint or a folder."""

from datetime import datetime
from typing import Any

from releasehub.audit import exports, syslog
from releasehub.audit.lines import json_line
from releasehub.audit.models import AuditSink
from releasehub.audit.targets import parse_storage_prefix, parse_syslog_target
from releasehub.outbound import client
from releasehub.outbound.failures import Refused, Unreachable


class SinkFailed(Exception):
    """The sink did not accept the batch. The message is for operators and contains no secret."""


def deliver(sink: AuditSink, name: str, event: str, items: list[tuple[datetime, dict[str, Any]]]) -> None:
    """Send the items to the sink.

    Args:
        name: The file name, for sinks in storage.
        event: The name of the syslog event. If it is empty, the action of each item is used.
        items: Pairs of a time and a JSON object.

    Raises:
        SinkFailed: The sink did not accept the items.
    """
    try:
        if sink.kind == AuditSink.SinkKind.SYSLOG:
            messages = [syslog.message(event or item["action"], created_at, item) for created_at, item in items]
            syslog.send_messages(parse_syslog_target(sink.target), messages)
            return
        body = "".join(json_line(item) + "\n" for _, item in items).encode("ascii")
        if sink.kind == AuditSink.SinkKind.HTTP:
            _post(sink, body)
        else:
            _store(f"{parse_storage_prefix(sink.target)}/{name}", body)
    except (Refused, Unreachable) as error:
        raise SinkFailed(error.reason) from None
    except ValueError as error:
        raise SinkFailed(f"The target of the sink is invalid: {error}") from None


def _post(sink: AuditSink, body: bytes) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    if sink.token:
        headers["Authorization"] = f"Bearer {sink.token}"
    response = client.send("POST", sink.target, headers=headers, body=body, read_limit=1024)
    if not 200 <= response.status < 300:
        raise SinkFailed(f"The endpoint responded with status {response.status}.")


def _store(name: str, body: bytes) -> None:
    """Store one file. A batch that is sent again replaces the file of the first attempt."""
    try:
        exports.store(name, body)
    except Exception as error:  # every storage backend has errors of its own
        raise SinkFailed(f"The file storage failed with {type(error).__name__}.") from error
