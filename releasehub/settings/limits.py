"""Limits of files, texts and requests."""

from releasehub.settings.environment import env

env.section = "Limits"

REFUSED_EXTENSIONS = frozenset(
    item.lower().lstrip(".")
    for item in env.items(
        "RELEASEHUB_REFUSED_EXTENSIONS", help="File extensions that are refused, comma-separated, without dot"
    )
)
ALLOWED_EXTENSIONS = tuple(
    item.lower().lstrip(".")
    for item in env.items(
        "RELEASEHUB_ALLOWED_EXTENSIONS",
        help="File extensions that are accepted, comma-separated, without dot",
        unset="any",
    )
)
MAX_FILE_BYTES = env.number(
    "RELEASEHUB_MAX_FILE_BYTES",
    10 * 1024**3,
    help="The largest file, in bytes; `0`: no limit. A category may set its own",
    unset="`10737418240` (10 GiB)",
)
MAX_VERSION_BYTES = env.number(
    "RELEASEHUB_MAX_VERSION_BYTES", 0, help="Limit of a version; `0`: no limit. A category may set its own"
)
MAX_DOWNLOAD_BYTES = env.number(
    "RELEASEHUB_MAX_DOWNLOAD_BYTES",
    0,
    help=(
        "Quota of a download, including deleted files, icon, links and uploads in progress; `0`: no "
        "limit. A category may set its own, and administrators can give a download its own quota in the "
        "admin"
    ),
)
USER_QUOTA_BYTES = env.number(
    "RELEASEHUB_USER_QUOTA_BYTES",
    0,
    help=(
        "Bytes that the downloads of one owner may hold, including deleted files until they are purged "
        "and uploads in progress; `0`: no limit. *Users* in the admin has a quota for each user"
    ),
)
MIN_FREE_BYTES = env.number(
    "RELEASEHUB_MIN_FREE_BYTES",
    268_435_456,
    help=(
        "Local storage: an upload that would leave less free space than this on the volume is answered "
        "with 507; everything else continues. `0`: no minimum"
    ),
    unset="`268435456` (256 MiB)",
)
MAX_FILES_PER_VERSION = env.number(
    "RELEASEHUB_MAX_FILES_PER_VERSION", 1000, minimum=1, help="The largest number of files of a version"
)
MAX_NOTES_CHARACTERS = env.number(
    "RELEASEHUB_MAX_NOTES_CHARACTERS", 50_000, minimum=1, help="The longest release notes and changelog"
)
INLINE_CHECK_BYTES = 64 * 1024 * 1024
MIN_PART_BYTES = 5 * 1024 * 1024
ANONYMOUS_RATE = env.number(
    "RELEASEHUB_ANONYMOUS_RATE",
    1200,
    help=(
        "Requests per minute of one network (an IPv4 address or an IPv6 /64) without a valid key or "
        "session, to pages, permanent links, schema and all APIs except `/v3` and the engine API. Each "
        "web process counts separately. `0`: no limit"
    ),
)
V3_BURST = env.number("RELEASEHUB_V3_BURST", 50, help="Requests of one network to `/v3` in five seconds; `0`: no limit")
ENGINE_RATE = env.number(
    "RELEASEHUB_ENGINE_RATE", 300, help="Requests of one network to the engine API in a minute; `0`: no limit"
)
