"""Guess the kind of a file from its name, for clients that do not declare one. Pure functions."""

SIGNATURE_ENDINGS = (".sig", ".asc", ".minisig", ".sigstore", ".sigstore.json", ".p7s")
SBOM_ENDINGS = (".spdx", ".spdx.json", ".cdx.json", ".cdx.xml", ".sbom", ".sbom.json")
DIGEST_ENDINGS = (
    *(".md5", ".sha1", ".sha256", ".sha512"),
    *("md5sum", "sha1sum", "sha256sum", "sha512sum", "md5sums", "sha1sums", "sha256sums", "sha512sums"),
)


def kind_of(filename: str) -> str:
    """Return `signature`, `sbom`, `other` for files of digests, and `package` for everything else."""
    lower = filename.lower()
    if lower.endswith(SIGNATURE_ENDINGS):
        return "signature"
    if lower.endswith(SBOM_ENDINGS):
        return "sbom"
    return "other" if lower.endswith(DIGEST_ENDINGS) else "package"
