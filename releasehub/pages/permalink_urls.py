"""URL patterns of permanent links, below /d/."""

from django.urls import path

from releasehub.pages import permalinks

urlpatterns = [
    path("<slug:slug>/latest/", permalinks.latest, name="latest-primary"),
    path("<slug:slug>/latest/<str:target>", permalinks.latest, name="latest"),
    path("<slug:slug>/latest-<str:line>/", permalinks.latest, name="latest-line-primary"),
    path("<slug:slug>/channel/<str:channel>/", permalinks.latest, name="latest-channel-primary"),
    path("<slug:slug>/latest-<str:line>/<str:target>", permalinks.latest, name="latest-line"),
    path("<slug:slug>/channel/<str:channel>/<str:target>", permalinks.latest, name="latest-channel"),
    path("<slug:slug>/<str:number>/<str:filename>", permalinks.exact, name="file"),
    path("<slug:slug>/channel/<str:channel>/<str:number>/<str:filename>", permalinks.exact, name="file-in-channel"),
    path(
        "<slug:slug>/platform/<str:platform>/<str:number>/<str:filename>",
        permalinks.exact,
        name="file-for-platform",
    ),
    path(
        "<slug:slug>/channel/<str:channel>/platform/<str:platform>/<str:number>/<str:filename>",
        permalinks.exact,
        name="file-in-channel-for-platform",
    ),
    path("<slug:slug>/<path:number>/<str:filename>", permalinks.exact, name="file-of-tag"),  # a tag such as cli/v1.2
]
