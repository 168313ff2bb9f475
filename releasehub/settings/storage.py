"""Stored files, static files and the limits of request bodies."""

from pathlib import Path
from typing import Any

from releasehub.settings.data import BASE_DIR, DATA_DIR
from releasehub.settings.environment import env

env.section = "Storage of files"

STORAGE_KIND = env.choice(
    "RELEASEHUB_STORAGE",
    "local",
    ("local", "s3"),
    help=(
        "Where the bytes of files are stored: on the local disk, or in an S3 bucket, with the `AWS_…` variables below"
    ),
)
FILES_DIR = DATA_DIR / "files"
ACCEL_REDIRECT = env.text(
    "RELEASEHUB_ACCEL_REDIRECT",
    help=("Internal location of the front server that serves the files folder, see [nginx.conf](nginx.conf)"),
)
GITHUB_API_SENDS_FILES = env.flag(
    "RELEASEHUB_GITHUB_API_SENDS_FILES",
    default=False,
    help=(
        "S3: `1` sends the bytes of assets through the hub in the GitHub API, for PyGithub, which refuses a redirect "
        "to another host. Every such download occupies a thread of a web process"
    ),
)
# Only the hub can read its data. A front-end server that sends the files itself has to be in the group of the hub.
IS_GROUP_READABLE = bool(ACCEL_REDIRECT)
UMASK = 0o027 if IS_GROUP_READABLE else 0o077
PRIVATE_MODES = {"file_permissions_mode": 0o666 & ~UMASK, "directory_permissions_mode": 0o777 & ~UMASK}

# The name is required for S3 only.
read_bucket = env.bucket if STORAGE_KIND == "s3" else env.text
S3_OPTIONS = {
    "bucket_name": read_bucket(
        "AWS_STORAGE_BUCKET_NAME",
        "",
        help=(
            "Name of the bucket; required if `RELEASEHUB_STORAGE` is `s3`. Each hub needs a bucket of its own, because "
            "it deletes unknown objects under `blobs/`, `incoming/` and `staging/`"
        ),
    ),
    "endpoint_url": env.text(
        "AWS_S3_ENDPOINT_URL", help="URL of the S3 service, as browsers and installed apps reach it"
    ),
    "access_key": env.text("AWS_ACCESS_KEY_ID", help="Access key of the S3 service"),
    "secret_key": env.text("AWS_SECRET_ACCESS_KEY", help="Secret key of the S3 service", secret=True),
    "region_name": env.text("AWS_S3_REGION_NAME", help="Region of the bucket"),
}
S3_ADDRESSING_STYLE = env.choice(
    "AWS_S3_ADDRESSING_STYLE",
    "auto",
    ("auto", "path", "virtual"),
    help="`path` or `virtual`: where URLs contain the name of the bucket",
)
S3_SIGNATURE_VERSION = env.text("AWS_S3_SIGNATURE_VERSION", "s3v4", help="Version of the signatures")


def local_storage() -> dict[str, Any]:
    """Return the configuration of a storage in the data directory."""
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FILES_DIR, "base_url": None, **PRIVATE_MODES},
    }


def s3_storage() -> dict[str, Any]:
    """Return the configuration of a storage in the bucket of AWS_STORAGE_BUCKET_NAME."""
    client_config = s3_client_config(addressing_style=S3_ADDRESSING_STYLE, signature_version=S3_SIGNATURE_VERSION)
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {option: value for option, value in S3_OPTIONS.items() if value}
        | {"client_config": client_config, "default_acl": None, "querystring_auth": True, "file_overwrite": True},
    }


def s3_client_config(*, addressing_style: str, signature_version: str) -> Any:
    """Return a configuration that gives up after half a minute, so that a request still gets its 503 response."""
    from botocore.config import Config

    return Config(
        connect_timeout=3,
        read_timeout=15,
        retries={"total_max_attempts": 2, "mode": "standard"},
        s3={"addressing_style": addressing_style},  # type: ignore[arg-type]
        signature_version=signature_version,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media", **PRIVATE_MODES},
    },
    "releases": s3_storage() if STORAGE_KIND == "s3" else local_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT: Path = env.folder(
    "RELEASEHUB_STATIC_DIR",
    str(DATA_DIR / "static"),
    help="Folder of the collected static files",
    unset="`static/` in the data directory",
)
STATICFILES_DIRS = [BASE_DIR / "releasehub" / "static"]

# The limit for the body of a route without file uploads, and for all other fields of a form with files.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.number(
    "RELEASEHUB_MAX_BODY_BYTES",
    2_097_152,
    minimum=65_536,
    help=(
        "The largest request body on routes that take no file, and the largest sum of the other fields "
        "of a form with a file. A larger body is answered with 413 and not read"
    ),
    unset="`2097152` (2 MiB)",
)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 0
FILE_UPLOAD_HANDLERS = ["files.uploads.handlers.RefusingUploadHandler"]  # routes with file uploads set their own
