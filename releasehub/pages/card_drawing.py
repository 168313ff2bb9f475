"""Draw the picture of a download that chats and social networks show beside a link to it."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from releasehub.pages.colors import readable_on

WIDTH, HEIGHT = 1200, 630
MARGIN, ICON_PIXELS, BAND_PIXELS = 80, 160, 18
NAME_WIDTH = WIDTH - 2 * MARGIN - ICON_PIXELS - 40
TITLE_PIXELS, LINE_PIXELS, NAME_PIXELS = 76, 38, 34
DEFAULT_ACCENT, PAPER, INK, SOFT = "#3449d1", "#ffffff", "#171c28", "#505a6e"
FONTS = Path(__file__).with_name("fonts")
# Part of the digest, so that cards are drawn again when this module draws them differently.
DRAWING = "1"
ELLIPSIS, UNKNOWN = "…", "\uffff"
Font = ImageFont.FreeTypeFont


@dataclass(frozen=True)
class Card:
    """The values that a card shows. `fallback` is the title for a font that lacks a character of the title."""

    title: str
    fallback: str
    tag_line: str
    icon_path: str
    site_name: str
    accent: str

    @property
    def digest(self) -> str:
        return sha256(repr((DRAWING, *astuple(self))).encode()).hexdigest()[:32]


def draw_card(card: Card, icon: bytes, font_path: str = "") -> bytes:
    """Return the card as PNG.

    Args:
        font_path: A font file that has more characters than the ones of the project.
    """
    bold, regular = (font_path or str(FONTS / name) for name in ("DejaVuSans-Bold.ttf", "DejaVuSans.ttf"))
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    accent = card.accent or DEFAULT_ACCENT
    draw.rectangle((0, HEIGHT - BAND_PIXELS, WIDTH, HEIGHT), fill=accent)
    _put_icon(picture, card, icon, accent, load_font(bold, ICON_PIXELS // 2))
    title_font, line_font = load_font(bold, TITLE_PIXELS), load_font(regular, LINE_PIXELS)
    title = card.title if has_glyphs(title_font, card.title) else card.fallback
    top = MARGIN + ICON_PIXELS + 36
    for line in wrapped(title, title_font, max_lines=2):
        draw.text((MARGIN, top), line, font=title_font, fill=INK)
        top += TITLE_PIXELS + 14
    if has_glyphs(line_font, card.tag_line):
        for line in wrapped(card.tag_line, line_font, max_lines=2):
            draw.text((MARGIN, top + 8), line, font=line_font, fill=SOFT)
            top += LINE_PIXELS + 12
    _put_name(draw, card.site_name, load_font(bold, NAME_PIXELS))
    target = BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


def _put_name(draw: ImageDraw.ImageDraw, name: str, font: Font) -> None:
    """Draw the name of the site on the right side of the icon."""
    if has_glyphs(font, name):
        place = (WIDTH - MARGIN, MARGIN + ICON_PIXELS // 2)
        draw.text(place, cut(name, font, NAME_WIDTH), font=font, fill=SOFT, anchor="rm")


def _put_icon(picture: Image.Image, card: Card, icon: bytes, accent: str, font: Font) -> None:
    """Draw the icon, or the first letter of the title on the color of the site."""
    if icon:
        with Image.open(BytesIO(icon), formats=["WEBP"]) as stored:
            shown = stored.convert("RGBA").resize((ICON_PIXELS, ICON_PIXELS), Image.Resampling.LANCZOS)
        picture.paste(shown, (MARGIN, MARGIN), shown)
        return
    draw = ImageDraw.Draw(picture)
    box = (MARGIN, MARGIN, MARGIN + ICON_PIXELS, MARGIN + ICON_PIXELS)
    draw.rounded_rectangle(box, radius=ICON_PIXELS // 5, fill=accent)
    texts = (text for text in (card.title, card.fallback) if has_glyphs(font, text))
    letter = next(filter(str.isalnum, next(texts, "")), "").upper()
    middle = MARGIN + ICON_PIXELS // 2
    draw.text((middle, middle), letter, font=font, fill=readable_on(accent), anchor="mm")


@lru_cache(maxsize=16)
def load_font(path: str, size: int) -> Font:
    return ImageFont.truetype(path, size)


def has_glyphs(font: Font, text: str) -> bool:
    """Return whether the font has every character. For others it draws the same box as for an invalid one."""
    box = bytes(font.getmask(UNKNOWN))
    return all(bytes(font.getmask(character)) != box for character in set(text) if not character.isspace())


def wrapped(text: str, font: Font, *, max_lines: int) -> Iterator[str]:
    """Yield the lines of a text. The last one ends with an ellipsis if there is more text."""
    width, words = WIDTH - 2 * MARGIN, text.split()
    for number in range(1, max_lines + 1):
        line = words.pop(0) if words else ""
        while words and font.getlength(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        if number == max_lines and words:
            line += ELLIPSIS
        if line:
            yield cut(line, font, width)


def cut(line: str, font: Font, width: int) -> str:
    """Return the line, shortened with an ellipsis to the width. A title has at most 150 characters."""
    while font.getlength(line) > width:
        line = line.rstrip(ELLIPSIS)[:-1].rstrip() + ELLIPSIS
    return line
