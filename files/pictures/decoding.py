"""Decode uploaded pictures in a process of their own, and turn its answer into sizes or an error."""

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from files.mime import sniff
from files.pictures.formats import ACCEPTED_FORMATS, MAX_PIXELS, PictureFormat
from releasehub.core.errors import ErrorCode, Rejected, TooMany

logger = logging.getLogger(__name__)
DECODER = Path(__file__).with_name("decoder.py")
MAX_SECONDS = 60  # far more than the CPU time that the decoder may use; it ends a process that hangs
# Each process of the hub decodes one picture at a time, because 24 million pixels need up to 600 MiB of memory. Three
# more wait for their turn. Further ones are refused: threads that wait are missing for all other requests.
_turn = threading.Lock()
_places = threading.BoundedSemaphore(4)
BUSY_SECONDS = 5
VECTOR_TYPES = {"image/svg+xml", "application/xml", "text/html"}
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")  # the decoder must not see the secrets in the environment
REFUSALS = {
    "too_many_pixels": (
        f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels. Make it smaller and upload it again."
    ),
    "too_complex": "Decoding the picture takes too long. Save it again as PNG or JPEG and upload that file.",
    "damaged": f"The picture cannot be decoded: it is damaged, or not {ACCEPTED_FORMATS}. Upload another picture.",
    "vector": (
        f"SVG pictures are not accepted, because they can contain scripts. Export the picture as {ACCEPTED_FORMATS}."
    ),
}


@dataclass(frozen=True)
class EncodedSize:
    """One size of a picture, encoded as WebP."""

    width: int
    height: int
    content: bytes


@dataclass(frozen=True)
class DecodedPicture:
    """A picture in all sizes, the smallest first. `width` and `height` are those of the upload, upright."""

    width: int
    height: int
    sizes: tuple[EncodedSize, ...]


def decode(content: bytes, target: PictureFormat) -> DecodedPicture:
    """Decode an uploaded picture.

    Raises:
        Rejected: The content is not a picture that the hub accepts. The message says why.
        TooMany: Many pictures arrive at the same time.
    """
    if sniff(content[:8192]) in VECTOR_TYPES:
        raise _refused("vector")
    answer = _run(content, asdict(target) | {"max_pixels": MAX_PIXELS})
    head, _, rest = answer.partition(b"\n")
    header = json.loads(head)
    if "refusal" in header:
        logger.info("A picture was refused: %s %s", header["refusal"], header.get("cause", ""))
        raise _refused(header["refusal"])
    sizes = []
    for width, height, length in header["sizes"]:
        sizes.append(EncodedSize(width, height, rest[:length]))
        rest = rest[length:]
    return DecodedPicture(header["width"], header["height"], tuple(sizes))


def _run(content: bytes, order: dict[str, Any]) -> bytes:
    command = [sys.executable, "-P", str(DECODER), json.dumps(order)]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if not _places.acquire(blocking=False):
        raise TooMany("Many pictures arrive at the same time. Try again in a few seconds.", wait=BUSY_SECONDS)
    try:
        with _turn:
            done = subprocess.run(  # noqa: S603 - a fixed program; the picture is its standard input
                command, input=content, capture_output=True, timeout=MAX_SECONDS, env=environment, check=False
            )
    except subprocess.TimeoutExpired as error:
        raise _refused("too_complex") from error
    finally:
        _places.release()
    if done.returncode < 0:  # a signal: the kernel ended the decoder, because it used too much CPU time or memory
        raise _refused("too_complex")
    if done.returncode:
        # The decoder answers every picture, so this is a fault of the installation and not of the picture.
        raise RuntimeError(f"The picture decoder failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _refused(reason: str) -> Rejected:
    return Rejected(ErrorCode.PICTURE_REFUSED, REFUSALS[reason], field="file", reason=reason)
