"""The models of versions: a version, the public names that stay reserved for it, and the labels of its channels."""

from versions.models.labels import Label, NamedChannel, NamedPlatform
from versions.models.public_names import PublicNumber, PublicTag
from versions.models.version import Version
