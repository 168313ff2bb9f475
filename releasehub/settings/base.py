"""All settings, read from environment variables. Invalid values are reported by `releasehub.core.checks`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from releasehub import __version__
from releasehub.settings import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env.text("RELEASEHUB_DATA_DIR", str(BASE_DIR / "var"))).expanduser().absolute()

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
PUBLIC_URL = env.text("RELEASEHUB_PUBLIC_URL").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if PUBLIC_URL and (_public.scheme not in {"http", "https"} or not _public.hostname):
    env.problems.append(
        (
            "RELEASEHUB_PUBLIC_URL",
            f"RELEASEHUB_PUBLIC_URL is {PUBLIC_URL!r}. Set it to a URL such as https://hub.example.org.",
        )
    )
elif _public.path or _public.query or _public.fragment or _public.username:
    env.problems.append(
        (
            "RELEASEHUB_PUBLIC_URL",
            f"RELEASEHUB_PUBLIC_URL is {PUBLIC_URL!r}, but the hub only works at the root of a host, and without a "
            f"user name in the URL. Use a separate host name, such as https://hub.{_public.hostname}.",
        )
    )
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]") + (
    [_public.hostname] if _public.hostname else []
)
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS") + ([PUBLIC_URL] if _public.hostname else [])

INSTALLED_APPS = [
    "releasehub.core",
    "releasehub.audit",
    "releasehub.accounts",
    "releasehub.apikeys",
    "releasehub.webhooks",
    "downloads",
    "versions",
    "files",
    "releasehub.publishing",
    "releasehub.api",
    "releasehub.pages",
    "releasehub.distribution",
    "releasehub.server",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "releasehub.backoffice.apps.HubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "releasehub.backoffice",  # after the apps whose admin classes it replaces
    "csp",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "releasehub.core.middleware.RequestIdMiddleware",
    "releasehub.server.middleware.HealthMiddleware",
    "releasehub.core.middleware.UrlCheckMiddleware",
    "releasehub.server.middleware.UnreadableBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "releasehub.server.middleware.PrivateAnswerMiddleware",
    "releasehub.server.middleware.ContentPolicyMiddleware",
    "releasehub.server.middleware.UncachedErrorsMiddleware",
    "releasehub.server.middleware.RefusedBodyMiddleware",
    "releasehub.server.middleware.BodyLimitMiddleware",
    "releasehub.server.middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "releasehub.server.middleware.RateLimitMiddleware",  # before the CSRF check, which may read the body
    "releasehub.server.middleware.PageCsrfMiddleware",
    "releasehub.server.middleware.PageAuthenticationMiddleware",
    "releasehub.server.middleware.PageMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "releasehub.backoffice.middleware.AdminCspMiddleware",
]

ROOT_URLCONF = "releasehub.urls"
WSGI_APPLICATION = "releasehub.server.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "releasehub" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


# --- threads and slow clients -----------------------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL")
WEB_THREADS = env.number("RELEASEHUB_WEB_THREADS", 8, minimum=1)
UPLOAD_THREADS = env.number("RELEASEHUB_UPLOAD_THREADS", 8, minimum=1)
# Without Redis, the web process also runs the workers. This is the number of threads for each group of queues.
EMBEDDED_QUEUE_THREADS = {"default,files": 3, "webhooks": 3, "outbound": 3}
EMBEDDED_THREADS = 0 if REDIS_URL else sum(EMBEDDED_QUEUE_THREADS.values())
BODY_STALL_SECONDS = env.number("RELEASEHUB_BODY_STALL_SECONDS", 15, minimum=1)
BODY_MIN_BYTES_PER_SECOND = env.number("RELEASEHUB_BODY_MIN_BYTES_PER_SECOND", 4096, minimum=1)
BODY_TOTAL_SECONDS = env.number("RELEASEHUB_BODY_TOTAL_SECONDS", 6 * 3600, minimum=1)
ANSWER_STALL_SECONDS = env.number("RELEASEHUB_ANSWER_STALL_SECONDS", 60, minimum=1)
ANSWER_MIN_BYTES_PER_SECOND = env.number("RELEASEHUB_ANSWER_MIN_BYTES_PER_SECOND", 1024, minimum=1)
CONNECTIONS_PER_ADDRESS = env.number("RELEASEHUB_CONNECTIONS_PER_ADDRESS", 200)


# --- database ---------------------------------------------------------------------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA busy_timeout=20000;"
    ),
}
USE_PREPARED_STATEMENTS = env.flag("RELEASEHUB_PREPARED_STATEMENTS", default=True)
DATABASE_POOL_SIZE = env.number("RELEASEHUB_DATABASE_POOL", WEB_THREADS + UPLOAD_THREADS + EMBEDDED_THREADS)


def _database() -> dict[str, Any]:
    """Return the database configuration.

    PostgreSQL gets a connection pool per process, because a new connection costs as much as ten small requests.
    """
    default = f"sqlite:///{DATA_DIR / 'releasehub.sqlite3'}"
    config: dict[str, Any] = dict(
        env.parse("DATABASE_URL", default, dj_database_url.parse, fallback=dj_database_url.parse(default))
    )
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    if "sqlite" in config["ENGINE"]:
        options.update(SQLITE_OPTIONS)
    elif "postgresql" in config["ENGINE"]:
        options["prepare_threshold"] = 2 if USE_PREPARED_STATEMENTS else None
        if DATABASE_POOL_SIZE:
            options["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 10}
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# --- cache, tasks -----------------------------------------------------------------------------------------------------

MAX_COUNTERS = 50_000
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # The counters of rate limits. Nothing else is stored there, so that no other keys can evict a counter.
    "limits": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    | {"OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}
    | {"OPTIONS": {"MAX_ENTRIES": MAX_COUNTERS}},
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"}
    | {"OPTIONS": {"MAX_ENTRIES": MAX_COUNTERS}},
    "anonymous": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "anonymous"},
}

ANONYMOUS_CACHE_SECONDS = env.number("RELEASEHUB_GUEST_CACHE_SECONDS", 1)

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
    "mail.endpoint_notices": {"queue": "outbound"},
    "files.*": {"queue": "files"},
    "webhooks.*": {"queue": "webhooks"},
}
CELERY_BEAT_SCHEDULE = {
    "publish scheduled versions": {"task": "files.publish_due", "schedule": 60.0},
    "finish uploads": {"task": "files.sweep_uploads", "schedule": 60.0},
    "aggregate download counts": {"task": "files.fold_downloads", "schedule": 60.0},
    "delete old uses of access keys": {"task": "files.forget_key_uses", "schedule": 3600.0},
    "collect garbage": {"task": "files.collect_garbage", "schedule": 24 * 3600.0},
    "verify a sample of files": {"task": "files.verify_sample", "schedule": 24 * 3600.0},
    "delete unused blobs": {"task": "files.sweep_blobs", "schedule": 600.0},
    "purge soft-deleted rows": {"task": "files.purge_deleted", "schedule": 3600.0},
    "send webhooks": {"task": "webhooks.sweep", "schedule": 5.0},
    "assign event stream positions": {"task": "webhooks.number_events", "schedule": 60.0},
    "delete old deliveries": {"task": "webhooks.prune", "schedule": 3600.0},
    "chain the audit log": {"task": "audit.chain", "schedule": 10.0},
    "sign the end of the audit log": {"task": "audit.export_head", "schedule": 300.0},
    "ship the audit log": {"task": "audit.ship", "schedule": 30.0},
    "prune the audit log": {"task": "audit.prune", "schedule": 24 * 3600.0},
    "delete old sign-in counters": {"task": "accounts.forget_sign_ins", "schedule": 3600.0},
    "delete old idempotent responses": {"task": "api.forget_answers", "schedule": 3600.0},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False


# --- files ------------------------------------------------------------------------------------------------------------

STORAGE_KIND = env.choice("RELEASEHUB_STORAGE", "local", ("local", "s3"))
FILES_DIR = DATA_DIR / "files"
ACCEL_REDIRECT = env.text("RELEASEHUB_ACCEL_REDIRECT")
# Only the hub can read its data. A front-end server that sends the files itself has to be in the group of the hub.
IS_GROUP_READABLE = bool(ACCEL_REDIRECT)
UMASK = 0o027 if IS_GROUP_READABLE else 0o077
PRIVATE_MODES = {"file_permissions_mode": 0o666 & ~UMASK, "directory_permissions_mode": 0o777 & ~UMASK}


def _releases_storage() -> dict[str, Any]:
    if STORAGE_KIND == "local":
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": FILES_DIR, "base_url": None, **PRIVATE_MODES},
        }
    if not env.text("AWS_STORAGE_BUCKET_NAME"):
        env.problems.append(
            ("AWS_STORAGE_BUCKET_NAME", "RELEASEHUB_STORAGE is s3, so AWS_STORAGE_BUCKET_NAME has to be set.")
        )
    names = {
        "bucket_name": "AWS_STORAGE_BUCKET_NAME",
        "endpoint_url": "AWS_S3_ENDPOINT_URL",
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "region_name": "AWS_S3_REGION_NAME",
    }
    options: dict[str, Any] = {option: env.text(name) for option, name in names.items() if env.text(name)}
    options["client_config"] = _s3_client_config()
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": options | {"default_acl": None, "querystring_auth": True, "file_overwrite": True},
    }


def _s3_client_config() -> Any:
    """Return a configuration that gives up after half a minute, so that a request still gets its 503 response."""
    from botocore.config import Config

    return Config(
        connect_timeout=3,
        read_timeout=15,
        retries={"total_max_attempts": 2, "mode": "standard"},
        s3={"addressing_style": env.text("AWS_S3_ADDRESSING_STYLE", "auto")},  # type: ignore[arg-type]
        signature_version=env.text("AWS_S3_SIGNATURE_VERSION", "s3v4"),
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media", **PRIVATE_MODES},
    },
    "releases": _releases_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("RELEASEHUB_STATIC_DIR", str(DATA_DIR / "static"))).expanduser().absolute()
STATICFILES_DIRS = [BASE_DIR / "releasehub" / "static"]
WHITENOISE_USE_FINDERS = DEBUG

# The limit for the body of a route without file uploads, and for all other fields of a form with files.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.number("RELEASEHUB_MAX_BODY_BYTES", 2_097_152, minimum=65_536)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 0
FILE_UPLOAD_HANDLERS = ["files.uploads.handlers.RefusingUploadHandler"]  # routes with file uploads set their own


# --- sign-in, security ------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUDIT_KEY = env.text("RELEASEHUB_AUDIT_KEY")  # SECRET_KEY is used if it is empty
AUTHENTICATION_BACKENDS = ["releasehub.accounts.backends.ThrottledBackend"]
SIGN_IN_ATTEMPTS = env.number("RELEASEHUB_SIGN_IN_ATTEMPTS", 10, minimum=1)
LOGIN_URL = "pages:sign-in"
LOGIN_REDIRECT_URL = "pages:account"
LOGOUT_REDIRECT_URL = "pages:front"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# The hub has no TLS itself. With an https public URL, a proxy terminates TLS and sets X-Forwarded-Proto.
IS_HTTPS = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=IS_HTTPS)
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31536000 if IS_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # PageCsrfMiddleware extends Django's CSRF middleware, which the check does not recognize
    "security.W005",  # subdomains and the preload list affect other servers of the domain, so the operator decides
    "security.W021",
]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = env.networks("RELEASEHUB_TRUSTED_PROXIES")
IS_BEHIND_PROXY = env.flag("RELEASEHUB_BEHIND_PROXY", default=bool(TRUSTED_PROXIES))
if IS_BEHIND_PROXY or IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}


# --- mail -------------------------------------------------------------------------------------------------------------

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    env.problems.append(
        (
            "EMAIL_USE_SSL",
            "EMAIL_USE_SSL and EMAIL_USE_TLS are both set, but they exclude each other. Set one of them to 0.",
        )
    )
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"ReleaseHub <releasehub@{_public.hostname or 'localhost'}>")


# --- API --------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["releasehub.api.common.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "releasehub.api.common.schema.HubSchema",
    "DEFAULT_FILTER_BACKENDS": [],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}


# --- releases ---------------------------------------------------------------------------------------------------------

DEMO = env.flag("RELEASEHUB_DEMO", default=True)
WEBHOOK_RETENTION_DAYS = env.number("RELEASEHUB_WEBHOOK_RETENTION_DAYS", 30)
AUDIT_RETENTION_DAYS = env.number("RELEASEHUB_AUDIT_RETENTION_DAYS", 365)
AUDIT_ADDRESS_DAYS = env.number("RELEASEHUB_AUDIT_ADDRESS_DAYS", 90)
RETENTION_DAYS = env.number("RELEASEHUB_RETENTION_DAYS", 30)
REFUSED_EXTENSIONS = frozenset(item.lower().lstrip(".") for item in env.items("RELEASEHUB_REFUSED_EXTENSIONS"))
ALLOWED_EXTENSIONS = tuple(item.lower().lstrip(".") for item in env.items("RELEASEHUB_ALLOWED_EXTENSIONS"))
MAX_FILE_BYTES = env.number("RELEASEHUB_MAX_FILE_BYTES", 10 * 1024**3)
MAX_VERSION_BYTES = env.number("RELEASEHUB_MAX_VERSION_BYTES", 0)
MAX_DOWNLOAD_BYTES = env.number("RELEASEHUB_MAX_DOWNLOAD_BYTES", 0)
USER_QUOTA_BYTES = env.number("RELEASEHUB_USER_QUOTA_BYTES", 0)
MIN_FREE_BYTES = env.number("RELEASEHUB_MIN_FREE_BYTES", 268_435_456)
MAX_FILES_PER_VERSION = env.number("RELEASEHUB_MAX_FILES_PER_VERSION", 1000, minimum=1)
MAX_NOTES_CHARACTERS = env.number("RELEASEHUB_MAX_NOTES_CHARACTERS", 50_000, minimum=1)
INLINE_CHECK_BYTES = 64 * 1024 * 1024
MIN_PART_BYTES = 5 * 1024 * 1024
UPLOAD_DAYS = env.number("RELEASEHUB_UPLOAD_DAYS", 7, minimum=1)
WEBHOOK_ALLOW_NETS = env.networks("RELEASEHUB_WEBHOOK_ALLOW_NETS")
GITHUB_API = env.text("RELEASEHUB_GITHUB_API", "https://api.github.com").rstrip("/")
SCANNER_ADDRESS = env.text("RELEASEHUB_SCANNER")
ANONYMOUS_RATE = env.number("RELEASEHUB_ANONYMOUS_RATE", 1200)
V3_BURST = env.number("RELEASEHUB_V3_BURST", 50)
ENGINE_RATE = env.number("RELEASEHUB_ENGINE_RATE", 300)
ENGINE_DOWNLOAD = env.text("RELEASEHUB_ENGINE_DOWNLOAD")
ENGINE_REFUSES_ANONYMOUS_AGENTS = env.flag("RELEASEHUB_ENGINE_REFUSES_ANONYMOUS_AGENTS", default=False)
METRICS_TOKEN = env.text("RELEASEHUB_METRICS_TOKEN")
SIGNED_URL_SECONDS = env.number("RELEASEHUB_SIGNED_URL_SECONDS", 300, minimum=1)


# --- the rest ---------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "releasehub.core.logs.RequestIdFilter"},
        "secrets": {"()": "releasehub.core.logs.SecretsFilter"},
    },
    "formatters": {"line": {"()": "releasehub.core.logs.OneLineFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id", "secrets"]}
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}

UNFOLD = {
    "SITE_TITLE": "ReleaseHub",
    "SITE_HEADER": "ReleaseHub",
    "SITE_SYMBOL": "deployed_code",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": False, "navigation": "releasehub.backoffice.navigation.sections"},
}

SPECTACULAR_SETTINGS = {
    "TITLE": "ReleaseHub",
    "DESCRIPTION": "Downloads, versions and files of a release hub. Send an API key as `XF-Api-Key` or bearer token.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "releasehub.api.common.schema.either_may_be_both",
    ],
    "ENUM_NAME_OVERRIDES": {
        "VersionStateEnum": "versions.models.Version.State",
        "WritableVersionStateEnum": "releasehub.api.mc_dm.input_serializers.WRITABLE_VERSION_STATES",
        "EngineStatusEnum": "releasehub.api.engine.terms.STATUSES",
        "WritableEngineStatusEnum": "releasehub.api.engine.terms.WRITABLE_STATUSES",
        "DownloadStateEnum": "releasehub.api.mc_dm.serializers.DOWNLOAD_STATES",
        "WritableDownloadStateEnum": "releasehub.api.mc_dm.input_serializers.WRITABLE_DOWNLOAD_STATES",
        "ValidationStatusEnum": "files.models.File.Validation",
        "EndpointStateEnum": "releasehub.webhooks.models.Endpoint.State",
        "DeliveryStateEnum": "releasehub.webhooks.models.Delivery.State",
        "VisibilityEnum": "downloads.models.Download.Visibility",
    },
}
