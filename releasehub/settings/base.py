"""All settings. They come from environment variables; `releasehub.settings.environment` reads and checks these."""

from releasehub.settings.accounts import *
from releasehub.settings.backups import *
from releasehub.settings.community import *
from releasehub.settings.data import *
from releasehub.settings.data import BASE_DIR
from releasehub.settings.environment import env, stop_if_invalid
from releasehub.settings.language import *
from releasehub.settings.limits import *
from releasehub.settings.mail import *
from releasehub.settings.observability import *
from releasehub.settings.packages import *
from releasehub.settings.processes import *
from releasehub.settings.releases import *
from releasehub.settings.security import *
from releasehub.settings.site import *
from releasehub.settings.storage import *

env.section = "Development"

DEBUG = env.flag("DEBUG", default=False, help="Never use `1` in production")
WHITENOISE_USE_FINDERS = DEBUG

INSTALLED_APPS = [
    "releasehub.audit",
    "releasehub.accounts",
    "releasehub.apikeys",
    "releasehub.webhooks",
    "downloads",
    "versions",
    "files",
    "releasehub.publishing",
    "releasehub.importing",
    "releasehub.community",
    "releasehub.search",
    "releasehub.api",
    "releasehub.pages",
    "releasehub.distribution",
    "releasehub.operations",
    "releasehub.moderation",
    "allauth",
    "releasehub.accounts.allauth_app.AllauthAccountConfig",
    "allauth.mfa",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "releasehub.backoffice.apps.HubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "releasehub.backoffice",  # after the apps whose admin classes it replaces
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "releasehub.server",  # the last one, because the start is complete when it is ready
]

MIDDLEWARE = [
    "releasehub.server.cache_middleware.ChangedTagMiddleware",  # before `request.headers` is read, which Django caches
    "releasehub.server.request_middleware.RequestIdMiddleware",
    "releasehub.server.middleware.HealthMiddleware",
    "releasehub.server.middleware.ApiPathMiddleware",
    "releasehub.server.cors.CorsMiddleware",  # before any refusal or redirect, whose answer a script could not read
    "releasehub.server.request_middleware.UrlCheckMiddleware",
    "releasehub.server.limit_middleware.UnreadableBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "releasehub.server.middleware.PageLanguageMiddleware",  # before the refusals that pages show
    "releasehub.server.cache_middleware.PrivateAnswerMiddleware",
    "releasehub.server.page_middleware.ContentPolicyMiddleware",
    "releasehub.server.cache_middleware.UncachedErrorsMiddleware",
    "releasehub.server.limit_middleware.RefusedBodyMiddleware",
    "releasehub.server.limit_middleware.ContentEncodingMiddleware",
    "releasehub.server.limit_middleware.BodyLimitMiddleware",
    "releasehub.server.read_only_middleware.ReadOnlyMiddleware",
    "releasehub.server.page_middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "releasehub.server.limit_middleware.RateLimitMiddleware",  # before the CSRF check, which may read the body
    "releasehub.server.page_middleware.PageCsrfMiddleware",
    "releasehub.server.page_middleware.PageAuthenticationMiddleware",
    "releasehub.server.page_middleware.PageMessageMiddleware",
    "releasehub.server.page_middleware.PageAccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "releasehub.backoffice.middleware.AdminCspMiddleware",
    "releasehub.server.page_middleware.PageErrorMiddleware",
]

ROOT_URLCONF = "releasehub.urls"
WSGI_APPLICATION = "releasehub.server.wsgi.application"

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
                "releasehub.pages.site.hub",
            ],
        },
    }
]

stop_if_invalid()  # the last line, after every variable was read
