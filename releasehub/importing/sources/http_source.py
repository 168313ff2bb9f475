"""The common base of all sources over HTTP."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from releasehub.importing.sources.base import OpenedAsset, ReleaseSource, SourceAsset
from releasehub.importing.sources.http import SourceHttp


class HttpSource(ReleaseSource):
    """A source whose lists and files come over HTTP."""

    def __init__(self, http: SourceHttp) -> None:
        self.http = http

    def open(self, asset: SourceAsset, *, start: int = 0) -> AbstractContextManager[OpenedAsset]:
        return self.http.open(asset.url, start=start, sends_token=asset.sends_token)

    def on_request(self, call: Callable[[], None]) -> None:
        self.http.before_request = call
