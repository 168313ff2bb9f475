"""The two formats of feeds: Atom 1.0 with the whole notes and the files of an entry, and JSON Feed 1.1."""

import json
from typing import Any

from django.urls.converters import StringConverter
from django.utils.feedgenerator import Atom1Feed, Enclosure, SyndicationFeed, rfc3339_date


class AtomFeed(Atom1Feed):
    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if html := item["content_html"]:
            handler.addQuickElement("content", html, {"type": "html"})


class JsonFeed(SyndicationFeed):
    """https://www.jsonfeed.org/version/1.1/"""

    content_type = "application/feed+json; charset=utf-8"

    def write(self, outfile: Any, encoding: str) -> None:
        about = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.feed["title"],
            "home_page_url": self.feed["link"],
            "feed_url": self.feed["feed_url"],
            "description": self.feed["description"],
            "items": [json_item(item) for item in self.items],
        }
        outfile.write(json.dumps(about, ensure_ascii=False))


def json_item(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["unique_id"],
        "url": item["link"],
        "title": item["title"],
        "content_html": item["content_html"],
        "date_published": rfc3339_date(item["pubdate"]),
        "date_modified": rfc3339_date(item["updateddate"]),
        "authors": [{"name": item["author_name"]}],
        "tags": list(item["categories"]),
        "attachments": [json_attachment(enclosure) for enclosure in item["enclosures"]],
    }


def json_attachment(enclosure: Enclosure) -> dict[str, Any]:
    attachment = {"url": enclosure.url, "mime_type": enclosure.mime_type}
    return attachment | ({"size_in_bytes": int(enclosure.length)} if enclosure.length else {})


class FeedFormatConverter(StringConverter):
    regex = "atom|json"


FORMATS: dict[str, type[AtomFeed] | type[JsonFeed]] = {"atom": AtomFeed, "json": JsonFeed}
