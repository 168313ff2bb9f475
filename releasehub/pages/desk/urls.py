"""URL patterns of the author's desk, below /account/."""

from django.urls import path

from releasehub.pages import statistics_views
from releasehub.pages.desk import (
    activity,
    downloads,
    files,
    imports,
    markdown_preview,
    pictures,
    preview_links,
    update_feeds,
    uploads,
    version_moves,
    versions,
)

urlpatterns = [
    path("downloads/", downloads.index, name="desk"),
    path("downloads/new/", downloads.new, name="desk-download-new"),
    path("downloads/<slug:public_id>/", downloads.detail, name="desk-download"),
    path("downloads/<slug:public_id>/edit/", downloads.edit, name="desk-download-edit"),
    path("downloads/<slug:public_id>/do/<slug:name>/", downloads.act, name="desk-download-act"),
    path("downloads/<slug:public_id>/activity/", activity.activity, name="desk-activity"),
    path("downloads/<slug:public_id>/feeds/", update_feeds.feeds, name="desk-feeds"),
    path("downloads/<slug:public_id>/pictures/", pictures.pictures, name="desk-pictures"),
    path("downloads/<slug:public_id>/pictures/<slug:picture_id>/<slug:name>/", pictures.act, name="desk-picture-act"),
    path("downloads/<slug:public_id>/versions/new/", versions.new, name="desk-version-new"),
    path("downloads/<slug:public_id>/versions/do/", version_moves.move_several, name="desk-versions-move"),
    path("imports/", imports.index, name="desk-imports"),
    path("imports/new/", imports.new, name="desk-import-new"),
    path("imports/<slug:public_id>/", imports.detail, name="desk-import"),
    path("imports/<slug:public_id>/edit/", imports.edit, name="desk-import-edit"),
    path("imports/<slug:public_id>/delete/", imports.delete, name="desk-import-delete"),
    path("imports/<slug:public_id>/do/<slug:name>/", imports.act, name="desk-import-act"),
    path("versions/<slug:public_id>/", versions.detail, name="desk-version"),
    path("versions/<slug:public_id>/edit/", versions.edit, name="desk-version-edit"),
    path("versions/<slug:public_id>/do/<slug:name>/", version_moves.move_one, name="desk-version-move"),
    path(
        "versions/<slug:public_id>/statistics/", statistics_views.statistics_of_version, name="desk-version-statistics"
    ),
    path("versions/<slug:public_id>/previews/", preview_links.index, name="desk-previews"),
    path("versions/<slug:public_id>/files/", files.upload, name="desk-file-upload"),
    path("versions/<slug:public_id>/uploads/", uploads.begin, name="desk-upload-begin"),
    path("uploads/<slug:public_id>/", uploads.status, name="desk-upload"),
    path("uploads/<slug:public_id>/parts/", uploads.parts, name="desk-upload-parts"),
    path("uploads/<slug:public_id>/complete/", uploads.complete, name="desk-upload-complete"),
    path("uploads/<slug:public_id>/abort/", uploads.abort, name="desk-upload-abort"),
    path("files/<slug:public_id>/", files.edit, name="desk-file"),
    path("files/<slug:public_id>/do/<slug:name>/", files.act, name="desk-file-act"),
    path("preview/", markdown_preview.preview, name="desk-preview"),
]
