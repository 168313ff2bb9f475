"""Tests that an exported row is always one line, and that no CSV cell is a formula."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from releasehub.audit import syslog, tasks
from releasehub.audit.lines import EXPORTED, audit_csv_lines, cell, json_line, json_lines
from releasehub.audit.models import AuditEntry, AuditSink

CORPUS = json.loads((Path(__file__).parents[1] / "corpora" / "bad_filenames.json").read_text())
HOSTILE = [
    "a\nb",
    "a\r\n<14>1 forged",
    "a\x0bb\x0cc\x1cd\x1de\x1ef",
    "a\x85b\u2028c\u2029d",
    "\x1b[2J\x1b[31mred\x7f\x08",
    "\u202egnp.exe\u2066",
    "null\x00byte",
    "\ud800 lone",
]
MESSAGE = re.compile(
    rb"<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [\x21-\x7e]{1,255} releasehub - [\x21-\x7e]{1,32} - (\{.*\})"
)


@pytest.mark.embedded
def test_hostile_text_stays_one_line() -> None:
    for text in [*HOSTILE, *(case["name"] for case in CORPUS["cases"])]:
        line = json_line({"reason": text})
        assert line.isascii(), text
        assert line.isprintable(), text
        assert json.loads(line) == {"reason": text}
        sent = syslog.message("version.publish", timezone.now(), {"reason": text})
        assert MESSAGE.fullmatch(sent), text
        assert sent.decode().isprintable(), text
        assert len(cell(text).splitlines()) <= 1, text


@pytest.mark.embedded
def test_hostile_event_names_do_not_break_the_syslog_header() -> None:
    sent = syslog.message("a b\n<1>1 x" * 9, timezone.now(), {})
    assert MESSAGE.fullmatch(sent)


@pytest.mark.embedded
def test_long_syslog_message_omits_the_changes() -> None:
    sent = syslog.message("version.update", timezone.now(), {"position": 5, "changes": {"notes": ["x" * 50_000, ""]}})
    assert len(sent) < 8200
    content = json.loads(MESSAGE.fullmatch(sent)[1])  # type: ignore[index]
    assert content == {"position": 5, "changes": None, "is_cut": True}


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("%0a", "'%0a"),
        ("1.2.0", "1.2.0"),
        ("a=1", "a=1"),
        (-5, "-5"),
        (None, ""),
        ({"=": "=1"}, '{"=":"=1"}'),
    ],
)
def test_text_that_looks_like_a_formula_is_escaped(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.django_db
def test_exports_contain_the_rows_of_the_query_set(make_rows: Any, django_assert_num_queries: Any) -> None:
    make_rows(9)
    make_rows(1, reason='=HYPERLINK("http://x")\n', actor_label='a "quoted", name')
    tasks.chain()
    selected = AuditEntry.objects.filter(target_id__lt=5).order_by("id")
    with django_assert_num_queries(2):
        table = list(csv.reader(io.StringIO("".join(audit_csv_lines(selected)))))
        objects = [json.loads(line) for line in json_lines(selected)]
    assert tuple(table[0]) == EXPORTED
    assert [row[0] for row in table[1:]] == [str(row.pk) for row in selected]
    assert [item["id"] for item in objects] == [row.pk for row in selected]
    hostile = dict(zip(EXPORTED, table[-1], strict=True))
    assert hostile["reason"] == '\'=HYPERLINK("http://x")\\n'
    assert hostile["actor_label"] == 'a "quoted", name'


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("kind", "target", "is_good"),
    [
        ("jsonl", "audit", True),
        ("jsonl", "logs/audit.v1", True),
        ("jsonl", "../audit", False),
        ("jsonl", "/audit", False),
        ("jsonl", "audit/", False),
        ("jsonl", "audit\n", False),
        ("http", "https://logs.example.org/in?x=1", True),
        ("http", "ftp://logs.example.org/", False),
        ("http", "javascript:alert(1)", False),
        ("syslog", "tcp://logs.example.org:601", True),
        ("syslog", "udp://[2001:db8::1]:514", True),
        ("syslog", "tls://192.0.2.1:6514", True),
        ("syslog", "tcp://logs.example.org", False),
        ("syslog", "tcp://user@logs.example.org:601", False),
        ("syslog", "tcp://logs.example.org:601/path", False),
        ("syslog", "tcp://logs.example.org:99999", False),
        ("syslog", "http://logs.example.org:601", False),
        ("syslog", "tcp://lo\ngs.example.org:601", False),
    ],
)
def test_target_must_match_the_kind_of_sink(kind: str, target: str, is_good: bool) -> None:
    sink = AuditSink(kind=kind, target=target)
    if is_good:
        sink.clean()
    else:
        with pytest.raises(ValidationError) as caught:
            sink.clean()
        assert list(caught.value.message_dict) == ["target"]
