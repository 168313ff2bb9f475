"""The pictures of the demo downloads."""

from dataclasses import dataclass

from releasehub.server.demo import pictures


@dataclass(frozen=True)
class DemoPicture:
    """A picture of the demo download with this title."""

    download: str
    kind: str
    content: bytes
    alt_text: str = ""
    caption: str = ""


def demo_pictures() -> list[DemoPicture]:
    """Draw the pictures, in the order in which they are added."""
    return [
        DemoPicture("Packsmith", "icon", pictures.draw_icon(pictures.INDIGO, pictures.boxes)),
        DemoPicture("Tracelens", "icon", pictures.draw_icon(pictures.TEAL, pictures.lens)),
        DemoPicture("Emberfall Engine", "icon", pictures.draw_icon(pictures.EMBER, pictures.ember)),
        DemoPicture("Emberfall Sample Textures", "icon", pictures.draw_icon(pictures.MOSS, pictures.tiles)),
        DemoPicture("Packsmith", "cover", pictures.draw_cover(pictures.INDIGO, "Packsmith")),
        DemoPicture("Emberfall Engine", "cover", pictures.draw_cover(pictures.EMBER, "Emberfall Engine")),
        *_screenshots(),
    ]


def _screenshots() -> list[DemoPicture]:
    build = ["$ packsmith build", "reading packsmith.toml", "building deb, rpm and msi on 8 cores", "3 packages, 4.1 s"]
    verify = ["$ packsmith verify dist/", "packsmith_1.4.2_amd64.deb  signed, reproducible", "1 package is valid"]
    frame = [("Physics", 34), ("Scripts", 18), ("Rendering", 72), ("Audio", 9), ("Assets", 27)]
    calls = [("read  /etc/hosts", 12), ("connect  10.0.0.7:5432", 64), ("write  journal", 38), ("poll", 81)]
    return [
        DemoPicture(
            "Packsmith",
            "screenshot",
            pictures.draw_terminal(build),
            "A terminal in which Packsmith builds three packages in four seconds",
            "One command builds all packages",
        ),
        DemoPicture(
            "Packsmith",
            "screenshot",
            pictures.draw_terminal(verify),
            "A terminal in which Packsmith reports that a package is valid",
            "Check a finished package",
        ),
        DemoPicture(
            "Emberfall Engine",
            "screenshot",
            pictures.draw_window(pictures.EMBER, frame),
            "The profiler of the editor with the time that each part of a frame takes",
            "The profiler",
        ),
        DemoPicture(
            "Tracelens",
            "screenshot",
            pictures.draw_window(pictures.TEAL, calls),
            "A list of system calls with the time that each of them took",
        ),
    ]
