"""URL patterns of feeds that updaters of applications read, below /feeds/."""

from django.urls import path

from releasehub.pages import update_feeds

urlpatterns = [
    path("<slug:slug>/electron/<str:name>.yml", update_feeds.electron, name="electron-feed"),
    path(
        "<slug:slug>/channel/<str:channel>/electron/<str:name>.yml",
        update_feeds.electron,
        name="electron-channel-feed",
    ),
    path("<slug:slug>/k/<str:secret>/electron/<str:name>.yml", update_feeds.electron, name="electron-key-feed"),
    path(
        "<slug:slug>/k/<str:secret>/channel/<str:channel>/electron/<str:name>.yml",
        update_feeds.electron,
        name="electron-key-channel-feed",
    ),
]
