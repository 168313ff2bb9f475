"""All kinds of sources by their names."""

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceKind
from releasehub.importing.sources.directory import DIRECTORY
from releasehub.importing.sources.gitea import GITEA
from releasehub.importing.sources.github import GITHUB
from releasehub.importing.sources.gitlab import GITLAB
from releasehub.importing.sources.mc_dm import MC_DM
from releasehub.importing.sources.releasehub import RELEASEHUB
from releasehub.importing.sources.xenforo import XENFORO

_ALL = (GITHUB, GITEA, GITLAB, RELEASEHUB, MC_DM, XENFORO, DIRECTORY)
KINDS: dict[str, SourceKind] = {kind.name: kind for kind in _ALL}


def kind_named(name: str) -> SourceKind:
    try:
        return KINDS[name]
    except KeyError:
        raise Invalid(f"The source {name!r} is unknown. Use one of: {', '.join(KINDS)}.", field="kind") from None
