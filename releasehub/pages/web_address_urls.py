"""URL patterns of `/{owner}/{repo}/releases/…`. They come after all others, so every page of the hub wins."""

from django.urls import path, register_converter

from releasehub.pages import web_addresses

app_name = "web"
register_converter(web_addresses.OwnerConverter, "owner")
RELEASES = "<owner:owner>/<str:slug>/releases"
urlpatterns = [
    path("<owner:owner>/<str:slug>", web_addresses.repository, name="repository"),
    path("<owner:owner>/<str:slug>/", web_addresses.repository),
    path(f"{RELEASES}.atom", web_addresses.feed, {"format": "atom"}, name="feed"),
    path(RELEASES, web_addresses.releases, name="releases"),
    path(f"{RELEASES}/", web_addresses.releases),
    path(f"{RELEASES}/latest", web_addresses.latest, name="latest"),
    path(f"{RELEASES}/latest/download/<str:name>", web_addresses.latest_asset, name="latest-asset"),
    path(f"{RELEASES}/download/<path:tag>/<str:name>", web_addresses.asset, name="asset"),
    path(f"{RELEASES}/tag/<path:tag>", web_addresses.release, name="release"),
]
