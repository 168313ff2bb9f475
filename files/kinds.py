"""Guess the kind of a file from its name, for clients that do not declare one. Pure functions."""

import re

SIGNATURE_ENDINGS = (".sig", ".asc", ".minisig", ".sigstore", ".sigstore.json", ".p7s")
SBOM_ENDINGS = (".spdx", ".spdx.json", ".cdx.json", ".cdx.xml", ".sbom", ".sbom.json")
DIGEST_ENDINGS = (
    *(".md5", ".sha1", ".sha256", ".sha512"),
    *("md5sum", "sha1sum", "sha256sum", "sha512sum", "md5sums", "sha1sums", "sha256sums", "sha512sums"),
)
# What updaters read next to a package: the block maps of electron-builder and the control files of zsync.
UPDATE_ENDINGS = (".blockmap", ".zsync")
# The feeds that electron-builder writes. The hub answers with its own, see `releasehub.distribution.feeds`.
_BUILDER_FILE = re.compile(
    r"(?:latest|alpha|beta)(?:-mac|-linux(?:-[a-z0-9]+)?)?\.yml|builder-(?:debug|effective-config)\.ya?ml"
)


def kind_of(filename: str) -> str:
    """Return `signature`, `sbom`, `other` for digests and what updaters read, and `package` for everything else."""
    lower = filename.lower()
    if lower.endswith(SIGNATURE_ENDINGS):
        return "signature"
    if lower.endswith(SBOM_ENDINGS):
        return "sbom"
    is_other = lower.endswith(DIGEST_ENDINGS + UPDATE_ENDINGS) or _BUILDER_FILE.fullmatch(lower)
    return "other" if is_other else "package"
