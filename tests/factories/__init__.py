"""Rows for tests, valid by default, made through the services wherever one exists."""

from tests.factories.accounts import make_key, make_organization, make_user
from tests.factories.community import make_comment, make_report, make_review
from tests.factories.everything import make_everything
from tests.factories.pictures import image_bytes, make_avatar, make_picture
from tests.factories.releases import (
    make_category,
    make_download,
    make_file,
    make_loose_upload,
    make_prefix,
    make_version,
    stage,
    system,
)

__all__ = [
    "image_bytes",
    "make_avatar",
    "make_category",
    "make_comment",
    "make_download",
    "make_everything",
    "make_file",
    "make_key",
    "make_loose_upload",
    "make_organization",
    "make_picture",
    "make_prefix",
    "make_report",
    "make_review",
    "make_user",
    "make_version",
    "stage",
    "system",
]
