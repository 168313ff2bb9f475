"""Social cards, which the hub draws and stores once for each change of a download."""

from functools import partial

from django.db import transaction

from downloads.models import Download
from files.blobs import keep_upload
from files.models import Blob, SocialCard
from files.storage.streaming import Receiver
from releasehub.core.tasks import hint


def card_blob(download: Download, digest: str) -> Blob | None:
    """Return the stored card with this digest of its values, or None if it has not been drawn yet."""
    card = SocialCard.objects.select_related("blob").filter(download=download, digest=digest).first()
    return card.blob if card else None


def store_card(download: Download, digest: str, content: bytes) -> Blob:
    """Store a card in place of the one before it, whose bytes are erased after the commit."""
    receiver = Receiver("card.png")
    receiver.write(content)
    blob = keep_upload(receiver.finish())
    with transaction.atomic():
        before = SocialCard.objects.filter(download=download).values_list("blob_id", flat=True).first()
        SocialCard.objects.update_or_create(download=download, defaults={"digest": digest, "blob": blob})
        if before not in {None, blob.pk}:
            transaction.on_commit(partial(hint, "files.erase_blobs", [before]))
    return blob
