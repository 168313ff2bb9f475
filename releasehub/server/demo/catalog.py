"""The downloads, versions, comments and reviews of the demo. All products are invented."""

from dataclasses import dataclass

CATEGORIES = (
    ("Tools", "", "Command-line tools and desktop helpers."),
    ("Build and release", "Tools", "What turns source into something people can install."),
    ("Diagnostics", "Tools", "Look inside a running system."),
    ("Games", "", "Engines, mods and the things around them."),
    ("Engines", "Games", "Complete engines with their editors."),
    ("Internal", "", "For members of the organization."),
)
ALL_BUILDS = (("linux", "x64"), ("linux", "arm64"), ("macos", "arm64"), ("windows", "x64"))


@dataclass(frozen=True)
class DemoVersion:
    """A version of a demo download.

    `builds` contains the platform and the architecture of each file. An empty platform means all systems.
    """

    number: str
    days_ago: int
    notes: str
    channel: str = "stable"
    state: str = "published"
    builds: tuple[tuple[str, str], ...] = ALL_BUILDS
    yank_reason: str = ""


@dataclass(frozen=True)
class DemoDownload:
    title: str
    category: str
    tag_line: str
    description: str
    versions: tuple[DemoVersion, ...]
    license: str = "MIT"
    tags: tuple[str, ...] = ()
    visibility: str = "public"
    is_anns: bool = False
    daily_downloads: int = 0  # of its newest version, on a working day some weeks after the release


@dataclass(frozen=True)
class DemoOpinion:
    """A comment of a demo user about a download, or a review if it has a rating."""

    download: str
    author: str
    text: str
    rating: int = 0
    reply: str = ""


PACKSMITH = DemoDownload(
    title="Packsmith",
    category="Build and release",
    tag_line="One command from source tree to signed packages",
    description=(
        "Packsmith reads one file, `packsmith.toml`, and builds **deb**, **rpm** and **msi** from it.\n\n"
        "- reproducible: the same input gives the same bytes\n- parallel on every core\n- no network during a build\n"
    ),
    tags=("packaging", "ci"),
    license="Apache-2.0",
    daily_downloads=140,
    versions=(
        DemoVersion("1.3.0", 210, "First release with **arm64** packages."),
        DemoVersion(
            "1.4.0", 120, "## New\n\n- `packsmith verify` checks a finished package\n- builds resume where they stopped"
        ),
        DemoVersion(
            "1.4.1",
            95,
            "Wrote wrong permissions into deb packages.",
            yank_reason="Files in deb packages are world-writable",
        ),
        DemoVersion("1.4.2", 94, "Permissions in deb packages are right again. Everybody on 1.4.1 should update."),
        DemoVersion(
            "2.0.0-rc.1",
            12,
            "## Release candidate\n\nThe configuration moves to version 2:\n\n```toml\n[package]\nschema = 2\n```\n",
            channel="rc",
        ),
        DemoVersion("2.0.0", 0, "Draft of the notes for 2.0.", state="draft", builds=(("linux", "x64"),)),
    ),
)
TRACELENS = DemoDownload(
    title="Tracelens",
    category="Diagnostics",
    tag_line="See what a process does, as it does it",
    description="Attaches to a running process and shows calls, files and sockets. No restart, no code changes.",
    tags=("tracing", "performance"),
    daily_downloads=35,
    is_anns=True,
    versions=(
        DemoVersion("0.8.0", 80, "Sockets are shown with the names of their peers."),
        DemoVersion("0.9.0", 41, "- half the overhead\n- a search that finds while you type"),
        DemoVersion("0.10.0-beta.2", 6, "Try the new timeline.", channel="beta"),
    ),
)
EMBERFALL = DemoDownload(
    title="Emberfall Engine",
    category="Engines",
    tag_line="A small 2D and 3D engine with an editor that starts in a second",
    description="Scenes, scripting and an asset pipeline in one download. Exports to Linux, macOS and Windows.",
    tags=("engine", "editor"),
    license="MPL-2.0",
    daily_downloads=90,
    versions=(
        DemoVersion("4.2", 150, "Long-term support line."),
        DemoVersion("4.3", 60, "New renderer, faster imports."),
        DemoVersion("4.3.1", 20, "Fixes a crash when a scene is saved twice in a second."),
        DemoVersion("4.4", 0, "Lights cast soft shadows, and the editor opens projects of 4.2.", state="draft"),
    ),
)
TEXTURES = DemoDownload(
    title="Emberfall Sample Textures",
    category="Games",
    tag_line="Two hundred tiles to start with",
    description="Public-domain tiles, 64 by 64, with normals.",
    license="CC0-1.0",
    daily_downloads=12,
    versions=(DemoVersion("2026.03.02-101500", 55, "All tiles are seamless now.", builds=(("", ""),)),),
)
HANDBOOK = DemoDownload(
    title="Release Handbook Templates",
    category="Internal",
    tag_line="Checklists for the release team",
    description="For members of Northwind Tools.",
    visibility="organization",
    license="",
    daily_downloads=2,
    versions=(DemoVersion("1.0", 30, "The first set.", builds=(("", ""),)),),
)
DOWNLOADS = (PACKSMITH, TRACELENS, EMBERFALL, TEXTURES, HANDBOOK)
FEATURED = ("Packsmith", "Emberfall Engine")
OPINIONS = (
    DemoOpinion(
        "Packsmith",
        "ann",
        "Builds our **deb** and **rpm** packages in one run. The file for the configuration is easy to read.",
        rating=5,
    ),
    DemoOpinion(
        "Packsmith",
        "ben",
        "Works well, but 1.4.1 gave us packages with wrong permissions.",
        rating=3,
        reply="That was our mistake. 1.4.2 repairs it, and 1.4.1 is yanked.",
    ),
    DemoOpinion("Emberfall Engine", "ben", "", rating=4),
    DemoOpinion("Packsmith", "ben", "Is there a way to leave the `src` folder out of the package?"),
    DemoOpinion("Packsmith", "administrator", 'Yes, list it in `packsmith.toml`:\n\n```toml\nexclude = ["src"]\n```'),
    DemoOpinion("Tracelens", "ben", "The new timeline in the beta is great."),
)
