"""Pictures of the demo downloads, drawn here so that the demo brings no files. Every function returns a PNG."""

from collections.abc import Callable, Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Draw = ImageDraw.ImageDraw
WHITE, INK, PAPER, SOFT = (255, 255, 255), (22, 27, 40), (246, 247, 251), (150, 158, 178)
INDIGO, TEAL, EMBER, MOSS = (66, 84, 214), (13, 126, 120), (196, 74, 28), (58, 122, 52)
ICON_PIXELS, SHARPNESS = 512, 2
WINDOW = (1280, 800)


def as_png(picture: Image.Image) -> bytes:
    target = BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def draw_icon(color: Color, shape: Callable[[Draw, int], None]) -> bytes:
    side = ICON_PIXELS * SHARPNESS
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side // 5, fill=color)
    shape(draw, side // 16)
    return as_png(picture.resize((ICON_PIXELS, ICON_PIXELS), Image.Resampling.LANCZOS))


def boxes(draw: Draw, unit: int) -> None:
    for left, top in ((3, 9), (8.5, 9), (5.75, 3.5)):
        box = (left * unit, top * unit, (left + 4.5) * unit, (top + 4.5) * unit)
        draw.rounded_rectangle(box, radius=unit // 2, fill=WHITE)
        middle = (left + 2.25) * unit
        draw.line((middle, top * unit, middle, (top + 1.6) * unit), fill=INDIGO, width=unit // 2)


def lens(draw: Draw, unit: int) -> None:
    draw.ellipse((2.5 * unit, 2.5 * unit, 11 * unit, 11 * unit), outline=WHITE, width=unit)
    draw.line((10 * unit, 10 * unit, 13.4 * unit, 13.4 * unit), fill=WHITE, width=int(1.5 * unit))
    pulse = [(4, 7), (5.6, 7), (6.3, 4.8), (7.4, 8.8), (8.1, 7), (9.4, 7)]
    draw.line([(x * unit, y * unit) for x, y in pulse], fill=WHITE, width=unit // 2, joint="curve")


def ember(draw: Draw, unit: int) -> None:
    for points, color in (
        ([(8, 2.2), (12.4, 8.4), (8, 13.8), (3.6, 8.4)], WHITE),
        ([(8, 6.4), (10.3, 9.4), (8, 12.2), (5.7, 9.4)], EMBER),
    ):
        draw.polygon([(x * unit, y * unit) for x, y in points], fill=color)


def tiles(draw: Draw, unit: int) -> None:
    for row in range(3):
        for column in range(3):
            left, top = (2.6 + column * 3.8) * unit, (2.6 + row * 3.8) * unit
            color = WHITE if (row + column) % 2 == 0 else (190, 222, 186)
            draw.rounded_rectangle((left, top, left + 3.2 * unit, top + 3.2 * unit), radius=unit // 2, fill=color)


def draw_cover(color: Color, title: str) -> bytes:
    """Return a cover: the title before rising bars in shades of one color."""
    picture = Image.new("RGB", (1280, 480), color)
    draw = ImageDraw.Draw(picture)
    for number in range(16):
        height = 60 + (number * 37) % 230
        shade = tuple(min(255, channel + 14 + number * 2) for channel in color)
        draw.rectangle((number * 80, 480 - height, number * 80 + 66, 480), fill=shade)
    draw.text((72, 110), title, font=font(96), fill=WHITE)
    return as_png(picture)


def draw_terminal(lines: Sequence[str]) -> bytes:
    """Return a screenshot of a terminal. Lines that begin with `$` are commands."""
    picture = Image.new("RGB", WINDOW, INK)
    draw = ImageDraw.Draw(picture)
    draw_title_bar(draw, (38, 45, 64))
    for number, line in enumerate(lines):
        draw.text((48, 100 + number * 76), line, font=font(46), fill=WHITE if line.startswith("$") else (160, 214, 180))
    return as_png(picture)


def draw_window(color: Color, rows: Sequence[tuple[str, int]]) -> bytes:
    """Return a screenshot of a program: a side bar, and a bar of the given percentage for each labeled row."""
    picture = Image.new("RGB", WINDOW, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 260, WINDOW[1]), fill=(231, 234, 244))
    for number in range(7):
        top = 110 + number * 66
        draw.rounded_rectangle((32, top, 220, top + 34), radius=10, fill=color if number == 1 else (206, 212, 228))
    for number, (label, percent) in enumerate(rows):
        top = 110 + number * 96
        draw.text((310, top), label, font=font(28), fill=INK)
        draw.rounded_rectangle((310, top + 42, 1220, top + 66), radius=12, fill=(222, 226, 238))
        draw.rounded_rectangle((310, top + 42, 310 + 910 * percent // 100, top + 66), radius=12, fill=color)
    draw_title_bar(draw, (214, 219, 233))
    return as_png(picture)


def draw_title_bar(draw: Draw, color: Color) -> None:
    draw.rectangle((0, 0, WINDOW[0], 56), fill=color)
    for number in range(3):
        draw.ellipse((28 + number * 36, 18, 48 + number * 36, 38), fill=SOFT)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
