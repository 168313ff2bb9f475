"""The parent filter of lists, which only super-user keys may leave out."""

from collections.abc import Callable
from functools import cached_property

from downloads.access import find_with_access
from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.mc_dm.errors import ParentFilterRequired
from releasehub.api.mc_dm.viewsets import McDmViewSet
from releasehub.core.actor import Actor
from releasehub.core.numbers import read_number


class DownloadChildMixin(McDmViewSet):
    """A view set of rows that belong to a download, whose list needs `download_id`."""

    @cached_property
    def parent_download(self) -> Download | None:
        """The download that the list is restricted to, or None for all downloads.

        A download that does not exist or that the caller may not see is an unsaved one: it has no versions, so that the
        caller cannot tell these two cases apart.

        Raises:
            ParentFilterRequired: The request names no download, and its key is not a super-user key.
        """
        return self.find_parent(find_with_access)

    def find_parent(self, find: Callable[[Actor, int], Download | None]) -> Download | None:
        """Return `parent_download`, which `find` looks up."""
        text = self.request.query_params.get("download_id", "")
        if not (text.isascii() and text.isdigit()):
            if self.is_super_key and not text:
                return None
            raise ParentFilterRequired("download_id")
        download = find(self.actor, read_number(text) or 0)
        is_seen = download is not None and download_policy.can_view(self.actor, download)
        return download if is_seen else Download(pk=0)
