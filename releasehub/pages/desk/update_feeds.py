"""The feeds for updaters on the author's desk: their URLs, what to paste into an app, and what they offer now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.core.requests import actor_of
from releasehub.distribution.feeds.checks import check_app_images, check_electron_feeds
from releasehub.distribution.feeds.electron_files import DEFAULT_CHANNEL_NAME
from releasehub.pages.contexts import base_url
from releasehub.pages.desk.lookup import find_download
from releasehub.pages.form_pages import account_page
from releasehub.pages.parameters import parameter_of
from versions.models import Version

MAX_CHANNELS = 50


@account_page
def feeds(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the feeds of one channel, the default one unless `channel` names another."""
    actor = actor_of(request)
    download = find_download(actor, public_id)
    if download.is_deleted:
        raise NotFound
    channel = parameter_of(request, "channel").lower() or download.default_channel
    checks = check_electron_feeds(actor, download, channel)
    context = {
        "download": download,
        "channel": channel,
        "channels": channels_of(download),
        "feed_url": base_url(request) + electron_folder(download, channel),
        "checks": checks,
        "app_images": list(check_app_images(base_url(request), download, channel, checks)),
        "needs_key": not download_policy.can_view(Actor(), download),
        "may_manage_keys": download_policy.allows("manage_access_keys", actor, download),
    }
    return render(request, "pages/desk/update_feeds.html", context)


def channels_of(download: Download) -> list[str]:
    """Return the default channel and the other channels that have versions."""
    others = Version.objects.filter(download=download).channels(MAX_CHANNELS).keys() - {download.default_channel}
    return [download.default_channel, *sorted(others)]


def electron_folder(download: Download, channel: str) -> str:
    """Return the path of the feeds without the name of one, which is what an app is configured with."""
    parts = {"slug": download.slug, "name": DEFAULT_CHANNEL_NAME}
    if channel != download.default_channel:
        path = reverse("pages:electron-channel-feed", kwargs={**parts, "channel": channel})
    else:
        path = reverse("pages:electron-feed", kwargs=parts)
    return path.removesuffix(f"/{DEFAULT_CHANNEL_NAME}.yml")
