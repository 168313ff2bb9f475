"""Threads of the web process, limits for slow clients, and background work with its schedule."""

from typing import Any

from releasehub.settings.environment import env

env.section = "Web server and background work"

REDIS_URL = env.text("REDIS_URL", help="Broker and cache; without it, both live in the process", secret=True)
WEB_THREADS = env.number(
    "RELEASEHUB_WEB_THREADS", 8, minimum=1, help="Threads of each web process that answer requests"
)
UPLOAD_THREADS = env.number(
    "RELEASEHUB_UPLOAD_THREADS",
    8,
    minimum=1,
    help=(
        "More threads of each web process, for bodies above 64 KiB while they arrive. One client address "
        "gets half of them; an upload beyond that is answered 503 with `Retry-After`"
    ),
)
MAX_WAITING_REQUESTS = env.number(
    "RELEASEHUB_MAX_WAITING_REQUESTS",
    250,
    help=(
        "Requests that may wait for a thread of a web process. Further ones are answered 503 with `Retry-After` at once"
    ),
)
MAX_WAIT_SECONDS = env.number(
    "RELEASEHUB_MAX_WAIT_SECONDS",
    10,
    minimum=1,
    help="How long a request may wait for a thread; then it is answered 503 with `Retry-After`",
)
# Without Redis, the web process also runs the workers. This is the number of threads for each group of queues.
EMBEDDED_QUEUE_THREADS = {"default,files": 3, "webhooks": 3, "outbound": 3}
EMBEDDED_THREADS = 0 if REDIS_URL else sum(EMBEDDED_QUEUE_THREADS.values())
BODY_STALL_SECONDS = env.number(
    "RELEASEHUB_BODY_STALL_SECONDS",
    15,
    minimum=1,
    help="How long a client may pause within a request body; a slower one is answered 408",
)
BODY_MIN_BYTES_PER_SECOND = env.number(
    "RELEASEHUB_BODY_MIN_BYTES_PER_SECOND",
    4096,
    minimum=1,
    help="Minimum rate of a request body, averaged since its start",
)
BODY_TOTAL_SECONDS = env.number(
    "RELEASEHUB_BODY_TOTAL_SECONDS", 6 * 3600, minimum=1, help="How long a request body may take altogether"
)
ANSWER_STALL_SECONDS = env.number(
    "RELEASEHUB_ANSWER_STALL_SECONDS",
    60,
    minimum=1,
    help=("A client that reads a response more slowly than the minimum rate for this time is disconnected"),
)
ANSWER_MIN_BYTES_PER_SECOND = env.number(
    "RELEASEHUB_ANSWER_MIN_BYTES_PER_SECOND",
    1024,
    minimum=1,
    help="The minimum rate at which clients have to read responses",
)
CONNECTIONS_PER_ADDRESS = env.number(
    "RELEASEHUB_CONNECTIONS_PER_ADDRESS",
    200,
    help=(
        "Connections that one network (an IPv4 address or an IPv6 /64) may hold to a web process. "
        "Further ones are closed within a second, idle ones first. `0`: no limit. Proxies that the hub "
        "knows have no limit"
    ),
)

# Download events wait in memory for so long, and are inserted together; 0: each in its own request.
DOWNLOAD_EVENT_SECONDS = 0.2

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
# A request must not wait long for Redis, so a hint to a worker is sent without retries and with short timeouts.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"max_retries": 0, "socket_connect_timeout": 2, "socket_timeout": 5} if REDIS_URL else {"polling_interval": 0.05}
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# Tasks in the queue `outbound` wait for external servers, so they must not delay other tasks.
CELERY_TASK_ROUTES = {
    "files.probe_link": {"queue": "outbound"},
    "audit.ship_sink": {"queue": "outbound"},
    "importing.run": {"queue": "outbound"},
    "mail.*": {"queue": "outbound"},
    "files.*": {"queue": "files"},
    "webhooks.*": {"queue": "webhooks"},
}
CELERY_BEAT_SCHEDULER = "releasehub.server.schedule:HubScheduler"
CELERY_BEAT_SCHEDULE = {
    "publish scheduled versions": {"task": "files.publish_due", "schedule": 60.0},
    "finish uploads": {"task": "files.sweep_uploads", "schedule": 60.0},
    "aggregate download counts": {"task": "files.fold_downloads", "schedule": 60.0},
    "count page views": {"task": "files.fold_page_views", "schedule": 60.0},
    "delete old uses of access keys": {"task": "files.forget_key_uses", "schedule": 3600.0},
    "collect garbage": {"task": "files.collect_garbage", "schedule": 24 * 3600.0},
    "verify a sample of files": {"task": "files.verify_sample", "schedule": 24 * 3600.0},
    "end signed URLs of quarantined files": {"task": "files.move_quarantined", "schedule": 60.0},
    "measure the hub for the dashboard": {"task": "files.measure_hub", "schedule": 600.0},
    "look for unknown objects": {"task": "files.scan_storage", "schedule": 3600.0},
    "delete unused blobs": {"task": "files.sweep_blobs", "schedule": 600.0},
    "purge soft-deleted rows": {"task": "files.purge_deleted", "schedule": 3600.0},
    "apply retention rules": {"task": "files.apply_retention", "schedule": 3600.0},
    "send webhooks": {"task": "webhooks.sweep", "schedule": 5.0},
    "announce downloads to webhooks": {"task": "webhooks.announce_traffic", "schedule": 10.0},
    "assign event stream positions": {"task": "webhooks.number_events", "schedule": 60.0},
    "delete old deliveries": {"task": "webhooks.prune", "schedule": 3600.0},
    "chain the audit log": {"task": "audit.chain", "schedule": 10.0},
    "sign the end of the audit log": {"task": "audit.export_head", "schedule": 300.0},
    "ship the audit log": {"task": "audit.ship", "schedule": 30.0},
    "prune the audit log": {"task": "audit.prune", "schedule": 24 * 3600.0},
    "delete old sign-in counters": {"task": "accounts.forget_sign_ins", "schedule": 3600.0},
    "continue imports": {"task": "importing.sweep", "schedule": 30.0},
    "update the search index": {"task": "search.refresh", "schedule": 15.0},
    "notify watchers of new versions": {"task": "community.announce_versions", "schedule": 60.0},
    "queue digests of new versions": {"task": "community.queue_digests", "schedule": 300.0},
    "send invitations": {"task": "mail.invitations", "schedule": 600.0},
    "send queued e-mails to users": {"task": "mail.accounts", "schedule": 60.0},
    "erase traces of anonymized users": {"task": "accounts.erase_traces", "schedule": 600.0},
    "delete old invitations": {"task": "accounts.delete_old_invitations", "schedule": 24 * 3600.0},
    "delete old idempotent responses": {"task": "api.forget_answers", "schedule": 3600.0},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Redis answers with errors while it is a replica, as after a failover. Workers would end.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_PUBLISH_RETRY = False
