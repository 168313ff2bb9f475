"""Contrast of colors after WCAG 2.2. Colors are texts such as `#1f4fbf`. Pure functions."""

from collections.abc import Iterable

MIN_CONTRAST = 4.5  # level AA for text
WHITE, BLACK = "#ffffff", "#000000"
_STEPS = 100


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def nearest_readable(color: str, backgrounds: Iterable[str]) -> str:
    """Return the color, or the nearest shade of it that is readable on all backgrounds.

    The shade is darker on light backgrounds and lighter on dark ones.
    """
    shown = list(backgrounds)
    target = BLACK if luminance(shown[0]) > 0.5 else WHITE
    shades = (_mix(color, target, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if min(contrast(shade, each) for each in shown) >= MIN_CONTRAST)


def readable_on(background: str) -> str:
    """Return black or white, whichever has more contrast with the background."""
    return max((WHITE, BLACK), key=lambda color: contrast(color, background))


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _mix(color: str, other: str, part: float) -> str:
    mixed = (round(own + (target - own) * part) for own, target in zip(_channels(color), _channels(other), strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
