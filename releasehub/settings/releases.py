"""Retention, uploads and connections to other servers."""

from releasehub.settings.environment import env

env.section = "Releases, retention and other servers"

DEMO = env.flag("RELEASEHUB_DEMO", default=True, help="`0`: start without demo data")
WEBHOOK_RETENTION_DAYS = env.number(
    "RELEASEHUB_WEBHOOK_RETENTION_DAYS", 30, help="Days before finished deliveries are deleted; `0`: never"
)
EVENT_RETENTION_DAYS = env.number(
    "RELEASEHUB_EVENT_RETENTION_DAYS",
    0,
    minimum=7,
    or_zero=True,
    help="Days before events are deleted that nothing needs any more; `0`: never",
)
AUDIT_RETENTION_DAYS = env.number(
    "RELEASEHUB_AUDIT_RETENTION_DAYS", 365, help="Days before audit rows are deleted; `0`: never"
)
AUDIT_ADDRESS_DAYS = env.number(
    "RELEASEHUB_AUDIT_ADDRESS_DAYS",
    90,
    help="Days before IP addresses are removed from audit rows; `0`: not before the row is deleted",
)
RETENTION_DAYS = env.number(
    "RELEASEHUB_RETENTION_DAYS",
    30,
    help="Days during which something that was soft-deleted can be restored; `0`: no time limit",
)
UPLOAD_DAYS = env.number(
    "RELEASEHUB_UPLOAD_DAYS", 7, minimum=1, help="Days without activity after which an upload expires"
)
WEBHOOK_ALLOW_NETS: list[str] = env.networks(
    "RELEASEHUB_WEBHOOK_ALLOW_NETS",
    "",
    help=(
        "Private networks that the hub may connect to for links and webhooks, comma-separated. All other "
        "networks that are not public are refused"
    ),
)
GITHUB_API = env.text(
    "RELEASEHUB_GITHUB_API", "https://api.github.com", help="Where asset numbers of release pages are looked up"
).rstrip("/")
IMPORT_MAX_RELEASES = env.number(
    "RELEASEHUB_IMPORT_MAX_RELEASES", 10_000, minimum=1, help="The most releases that one import lists"
)
IMPORT_MAX_SOURCES = env.number(
    "RELEASEHUB_IMPORT_MAX_SOURCES", 10, minimum=1, help="The most sources that one download imports from"
)
IMPORTS_AT_ONCE = env.number(
    "RELEASEHUB_IMPORTS_AT_ONCE", 2, minimum=1, help="The most imports that workers carry out at the same time"
)
SCANNER_ADDRESS = env.text(
    "RELEASEHUB_SCANNER", help="A ClamAV daemon that scans every file, `host:3310` or `unix:/run/clamd.sock`"
)
ENGINE_DOWNLOAD = env.text(
    "RELEASEHUB_ENGINE_DOWNLOAD", help="Slug of the download that the engine API serves", unset="the only or oldest"
)
ENGINE_REFUSES_ANONYMOUS_AGENTS = env.flag(
    "RELEASEHUB_ENGINE_REFUSES_ANONYMOUS_AGENTS",
    default=False,
    help="`1`: the engine API refuses callers whose `User-Agent` names no application",
)
METRICS_TOKEN = env.text(
    "RELEASEHUB_METRICS_TOKEN",
    help="Bearer token for `/metrics`; without it, only this machine may read them",
    secret=True,
)
SIGNED_URL_SECONDS = env.number("RELEASEHUB_SIGNED_URL_SECONDS", 300, minimum=1, help="Lifetime of a signed URL")
