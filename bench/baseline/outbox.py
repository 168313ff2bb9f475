"""The baseline for webhooks: lease rows in batches, sign them, send them concurrently, and mark them as sent.

    python -m bench.baseline.outbox fill DSN URL COUNT BODY_FILE
    python -m bench.baseline.outbox work DSN

`work` runs one worker, which polls for rows every 20 ms until it is killed. It reuses connections, but has no retries,
no limits per endpoint, no order and no checks.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import psycopg

KEY = b"0123456789abcdef0123456789abcdef"
IN_FLIGHT = 32
BATCH = 100
IDLE_SECONDS = 0.02

TABLE = """
CREATE TABLE outbox (
    id bigserial PRIMARY KEY, url text NOT NULL, body text NOT NULL, is_done boolean NOT NULL DEFAULT true,
    due_at timestamptz NOT NULL DEFAULT now(), lease_until timestamptz, lease_token text NOT NULL DEFAULT ''
);
CREATE INDEX ON outbox (due_at, id) WHERE NOT is_done
"""
CLAIM = """
UPDATE outbox SET lease_until = now() + interval '60 seconds', lease_token = %s FROM (
    SELECT id FROM outbox
    WHERE NOT is_done AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
    ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
) AS due WHERE outbox.id = due.id RETURNING outbox.id, outbox.url, outbox.body
"""
FINISH = "UPDATE outbox SET is_done = true, lease_until = NULL WHERE id = ANY(%s) AND lease_token = %s"


def fill(dsn: str, url: str, count: int, body: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute(
            "INSERT INTO outbox (url, body) SELECT %s, %s FROM generate_series(1, %s)", (url, body, count)
        )


async def work(dsn: str) -> None:
    timeout = aiohttp.ClientTimeout(total=15)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection,
        aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
    ):
        while True:
            token = uuid4().hex
            rows = await (await connection.execute(CLAIM, (token, BATCH))).fetchall()
            if not rows:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            waiting = iter(rows)
            await asyncio.gather(*(send_all(session, waiting) for _ in range(IN_FLIGHT)))
            await connection.execute(FINISH, ([row[0] for row in rows], token))


async def send_all(session: aiohttp.ClientSession, waiting: Any) -> None:
    for row_id, url, text in waiting:
        body = text.encode()
        async with session.post(url, data=body, headers=headers(f"msg_{row_id}", body)) as answer:
            answer.raise_for_status()
            await answer.read()


def headers(webhook_id: str, body: bytes) -> dict[str, str]:
    moment = str(int(time.time()))
    signature = hmac.digest(KEY, f"{webhook_id}.{moment}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser("fill")
    first.add_argument("dsn")
    first.add_argument("url")
    first.add_argument("count", type=int)
    first.add_argument("body", type=Path)
    commands.add_parser("work").add_argument("dsn")
    options = parser.parse_args()
    if options.command == "fill":
        fill(options.dsn, options.url, options.count, options.body.read_text())
    else:
        asyncio.run(work(options.dsn))


if __name__ == "__main__":
    main()
