"""URL patterns of the pages of downloads and versions, below /downloads/."""

from django.urls import path

from releasehub.pages import comparisons, download_views, history_views, statistics_views, views

urlpatterns = [
    path("categories/<slug:slug>.<int:pk>/", views.category_by_id, name="category-by-id"),
    path("<slug:slug>.<int:pk>/", download_views.download, name="download"),
    path("<slug:slug>/", download_views.download_by_slug, name="download-by-slug"),
    path("<slug:slug>.<int:pk>/<str:number>/", download_views.version, name="version"),
    # Two more parts, because any single one can be the number of a version.
    path("<slug:slug>.<int:pk>/about/versions/", history_views.versions, name="versions"),
    path("<slug:slug>.<int:pk>/about/compare/", comparisons.compare, name="compare"),
    path("<slug:slug>.<int:pk>/about/changelog/", history_views.changelog, name="changelog"),
    path("<slug:slug>.<int:pk>/about/statistics/", statistics_views.statistics, name="statistics"),
    path(
        "<slug:slug>.<int:pk>/about/statistics.csv",
        statistics_views.statistics_file,
        name="statistics-file",
    ),
    # The last of these paths, because a tag such as cli/v1.2 can have any parts.
    path("<slug:slug>.<int:pk>/<path:number>/", download_views.version, name="version-of-tag"),
]
