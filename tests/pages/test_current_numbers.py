"""Every list of downloads shows the number of the current version of each one."""

from __future__ import annotations

import pytest
from django.test import Client

from downloads.models import Download
from releasehub.search.refresh import rebuild_index
from tests.factories import make_file, make_version
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
PATHS = ("/", "/search/?q=download", "/categories/{category}/", "/authors/{owner}/", "/account/", "/account/downloads/")


@pytest.mark.parametrize("is_featured", [False, True])
def test_lists_show_the_number_of_the_newest_version(is_featured: bool) -> None:
    download = make_file(make_version(number="1.2.3")).version.download
    make_file(make_version(download, "1.10.4"))
    Download.objects.filter(pk=download.pk).update(title="A download", featured_order=1 if is_featured else None)
    rebuild_index()
    visitor, owner, shown = Client(), signed_in(download.owner), {}
    for path in PATHS:
        client = owner if path.startswith("/account") else visitor
        url = path.format(category=download.category.slug, owner=download.owner.username)
        text = client.get(url).content.decode()
        shown[path] = (text.count("1.10.4"), text.count("1.2.3"))
    assert shown == dict.fromkeys(PATHS, (1, 0)) | {"/": (2 if is_featured else 1, 0)}
