"""Settings of Django REST framework, drf-spectacular and django-unfold."""

from releasehub import __version__

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["releasehub.api.common.renderers.OrjsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "releasehub.api.common.schema.HubSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}

UNFOLD = {
    "SITE_TITLE": "releasehub.backoffice.navigation.title_of_site",
    "SITE_HEADER": "releasehub.backoffice.navigation.title_of_site",
    "SITE_SYMBOL": "deployed_code",
    "STYLES": ["releasehub.backoffice.navigation.stylesheet"],
    "SCRIPTS": ["releasehub.backoffice.navigation.script"],
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": True,
    "SIDEBAR": {"show_search": False, "navigation": "releasehub.backoffice.navigation.sections"},
}

SPECTACULAR_SETTINGS = {
    "TITLE": "ReleaseHub",
    "DESCRIPTION": "Downloads, versions and files of a release hub. Send an API key as `XF-Api-Key` or bearer token.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "releasehub.api.common.schema.either_may_be_both",
        "releasehub.api.common.schema.allow_nulls",
        "releasehub.api.common.schema.document_one_body",
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
        "V3EventEnum": "releasehub.api.v3.webhook_terms.EVENTS",
        "VisibilityEnum": "downloads.models.Download.Visibility",
        "PictureKindEnum": "files.models.Picture.Kind",
    },
}
