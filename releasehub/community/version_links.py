"""Links to versions in e-mails."""

from urllib.parse import urlencode

from django.urls import reverse

from releasehub.core.site import site_url
from versions.models import Version


def link_to(version: Version) -> str:
    download, query = version.download, version.page_query
    page = reverse("pages:version", kwargs={"slug": download.slug, "pk": download.pk, "number": version.number})
    return f"{site_url()}{page}{'?' if query else ''}{urlencode(query)}"
