"""Find the file of a version that suits a system best."""

from functools import lru_cache

from downloads.models import Download
from files.models import File
from files.primary import fitness
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from versions.conditions import is_listed
from versions.models import Version
from versions.platforms import (
    ARCHITECTURE_SPELLINGS,
    PLATFORM_NAMES,
    fold_architecture,
    fold_platform,
    platform_spellings,
)


def is_known_target(download: Download, platform: str, architecture: str) -> bool:
    """Return whether the words are known platform names, or platforms of files that the download offers in lists."""
    files = File.objects.passed().filter(is_listed("version__"), version__download=download)
    knows_platform = fold_platform(platform) in PLATFORM_NAMES or (
        bool(platform) and files.filter(platform__lower__in=platform_spellings(platform)).exists()
    )
    if not knows_platform or not architecture or fold_architecture(architecture) in ARCHITECTURE_SPELLINGS:
        return knows_platform
    return bool(files.filter(architecture__lower=architecture).exists())


def best_file(
    version: Version, platform: str = "", architecture: str = "", *, actor: Actor | None = None
) -> File | None:
    """Return the file that suits the given system best, or the primary file if no system is given.

    With an anonymous `actor`, the file may come from the cache for anonymous visitors.
    """
    filters = {"platform": platform, "architecture": architecture}

    def find() -> File | None:
        rows = _passed_files(**{name: value for name, value in filters.items() if value}).rows(version=version.pk)
        return min(rows, key=lambda file: fitness(file, platform, architecture), default=None)

    file = cached_row(actor, ("best file", str(version.pk), *filters.values()), find)
    if file is not None:
        file.version = version
    return file


@lru_cache(maxsize=100)
def _passed_files(**system: str) -> SqlTemplate[File]:
    """Return the SQL template of the files for one system, whose names are part of the query."""
    return SqlTemplate(
        lambda version: (
            File.objects.passed().filter(version=version).suiting(**system).select_related("blob").order_by()
        ),
        version=SAMPLE_ID,
    )
