"""Data about a download that search engines read from its page: JSON-LD of the kind SoftwareApplication."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from downloads.models import Download
from releasehub.distribution.links import version_path
from versions.models import Version

# These characters could end the script element or begin a comment in it.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def software_application(download: Download, version: Version | None, base_url: str) -> dict[str, Any]:
    """Return the description of a download and its newest version, after https://schema.org/SoftwareApplication."""
    about = {
        "@context": "https://schema.org",
        "@type": "SoftwareApplication",
        "name": download.title,
        "description": download.tag_line,
        "url": base_url + download.path,
        "applicationCategory": download.category.title,
        "author": {"@type": "Person", "name": download.owner.username},
        "image": base_url + path if (path := download.picture_path("icon")) else "",
        "license": download.license,
        "sameAs": download.homepage_url,
    }
    if version is not None:
        about |= {
            "softwareVersion": version.number,
            "datePublished": version.released_at.isoformat() if version.released_at else "",
            "releaseNotes": base_url + version_path(version),
        }
    if download.rating_count:
        about["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": download.rating_avg,
            "ratingCount": download.rating_count,
        }
    return {name: value for name, value in about.items() if value}


def to_script(data: dict[str, Any]) -> SafeString:
    """Return a script element that holds the data. Browsers never run it, so the content security policy allows it."""
    escaped = mark_safe(json.dumps(data, ensure_ascii=False).translate(ESCAPES))  # noqa: S308 - escaped above
    return format_html('<script type="application/ld+json">{}</script>', escaped)
