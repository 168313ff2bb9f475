"""Compare screenshots with stored pictures, on machines with other fonts and another Chromium.

Two things keep the pictures stable. All texts are drawn in the font that the repository contains. And pictures are
compared after they were reduced to one point for each block of 8 by 8 pixels: smoothing of letters and lines that moved
by a pixel disappear, while a block that moved, is missing or has another color stays visible.
"""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from PIL import Image, ImageChops

STORED = Path(__file__).with_name("snapshots")
UPDATE = "UPDATE_SNAPSHOTS"  # the variable that stores what is shown, instead of comparing it
BLOCK_PIXELS = 8
MAX_DIFFERENCE = 20  # of 255, in the most different color channel of a block
MAX_DIFFERENT_SHARE = 0.004  # of all blocks
FONTS = Path(settings.BASE_DIR) / "releasehub" / "pages" / "fonts"
# Times depend on the day of the test, and animations on the moment.
STILL = "*, ::before, ::after { animation: none !important; transition: none !important; caret-color: transparent; }"
HIDDEN = "time, .ago, .steps { visibility: hidden !important; }"


def font_style() -> str:
    """Return a style that draws all texts in the fonts of the repository."""
    faces = ""
    for name, weight in (("DejaVuSans.ttf", "100 500"), ("DejaVuSans-Bold.ttf", "501 900")):
        content = base64.b64encode((FONTS / name).read_bytes()).decode()
        source = f"url(data:font/ttf;base64,{content})"
        faces += f"@font-face {{ font-family: still; font-weight: {weight}; src: {source}; }}"
    return f"{faces} * {{ font-family: still !important; }} {STILL} {HIDDEN}"


def reduced(screenshot: bytes) -> Image.Image:
    """Return the screenshot with one point for each block."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    return picture.reduce(BLOCK_PIXELS)


def compare(name: str, screenshot: bytes, folder: Path) -> str:
    """Return how the screenshot differs from the stored picture, or an empty text. Both are left in the folder then."""
    shown, stored = reduced(screenshot), STORED / f"{name}.webp"
    if os.environ.get(UPDATE):
        STORED.mkdir(exist_ok=True)
        shown.save(stored, lossless=True, method=6)
        return ""
    if not stored.exists():
        return f"{name}: nothing is stored. Set {UPDATE}=1 to store it."
    expected = Image.open(stored).convert("RGB")
    if expected.size != shown.size:
        return f"{name}: the size is {shown.size} instead of {expected.size}."
    share = different_share(expected, shown)
    if share <= MAX_DIFFERENT_SHARE:
        return ""
    (folder / f"{name}.png").write_bytes(screenshot)
    expected.resize((expected.width * BLOCK_PIXELS, expected.height * BLOCK_PIXELS)).save(folder / f"{name}-stored.png")
    return f"{name}: {share:.1%} of the blocks differ. Compare the pictures in {folder}."


def different_share(first: Image.Image, second: Image.Image) -> float:
    """Return the share of the blocks whose colors differ visibly."""
    red, green, blue = ImageChops.difference(first, second).split()
    largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    counts = largest.histogram()
    return sum(counts[MAX_DIFFERENCE + 1 :]) / (first.width * first.height)


def hold_still(page: Any) -> None:
    """Make screenshots of the page comparable, and wait until its fonts and pictures are there."""
    page.add_style_tag(content=font_style())
    page.evaluate("document.fonts.ready.then(() => document.fonts.size)")
