from io import BytesIO
from typing import Any

from PIL import Image

from downloads.models import Download
from files.models import Avatar, Picture
from files.pictures.avatars import receive_avatar
from files.pictures.services import receive_picture
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from tests.factories.releases import stage, system


def image_bytes(
    file_format: str = "PNG", size: tuple[int, int] = (320, 200), mode: str = "RGB", **options: Any
) -> bytes:
    """Return a picture of a color gradient in this format."""
    target = BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(target, file_format, **options)
    return target.getvalue()


def make_picture(download: Download, kind: str = "screenshot", content: bytes = b"", **texts: str) -> Picture:
    upload = stage(content or image_bytes(), "picture.png")
    return receive_picture(actor=system(), download=download, kind=kind, upload=upload, **texts)


def make_avatar(user: User, content: bytes = b"") -> Avatar:
    upload = stage(content or image_bytes(), "me.png")
    receive_avatar(actor=Actor(user=user), user=user, upload=upload)
    return Avatar.objects.get(user=user)
