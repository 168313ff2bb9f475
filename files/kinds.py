"""Guess the kind of a file from its name, for clients that do not declare one. Pure functions."""

import re

SIGNATURE_ENDINGS = (".sig", ".asc", ".minisig", ".sigstore", ".sigstore.json", ".p7s", ".att", ".intoto.jsonl")
SBOM_ENDINGS = (".spdx", ".spdx.json", ".cdx.json", ".cdx.xml", ".sbom", ".sbom.json")
SBOM_NAMES = frozenset({"sbom.json", "bom.json", "sbom.xml", "bom.xml"})
# What updaters read next to a package: the block maps of electron-builder and the control files of zsync.
UPDATE_ENDINGS = (".blockmap", ".zsync")
KEY_ENDINGS = (".pub", ".pem", ".crt", ".cer", ".cert")
# They describe a package of Debian, or say where else to fetch a file.
DESCRIPTION_ENDINGS = (".buildinfo", ".changes", ".dsc", ".meta4", ".metalink", ".torrent")
# Bundles of cosign: tool.tar.gz.bundle, checksums.txt.cosign.bundle. Bundles of Git are packages: tool-1.2.bundle.
_SIGNED_BUNDLE = re.compile(r"\.(?:[a-z]+|7z|bz2)\.bundle$")
# tool_1.2.3_checksums.txt of GoReleaser, SHASUMS256.txt, checksums-linux.txt, tool.zip.sha256, tool-sha512
_DIGESTS = re.compile(
    r"(?:checksums?|(?:sha|md5|b2)[-_]?[0-9]{0,3}[-_]?sums?[0-9]{0,3}|(?<![a-z0-9])(?:sha[0-9]{0,3}|md5|hashes|digests?))"
    r"(?:(?![a-z0-9])[^/]{0,255}\.(?:txt|json|csv|sum))?$"
)
# The feeds that electron-builder, Sparkle, Squirrel and Velopack write. The hub answers with its own, see
# `releasehub.distribution.feeds`.
_FEEDS = re.compile(
    r"(?:latest|alpha|beta)(?:-mac|-linux(?:-[a-z0-9]+)?)?\.yml|builder-(?:debug|effective-config)\.ya?ml"
    r"|latest\.json|appcast\.xml|releases(?:\.json)?|updates\.json|(?:releases|assets)\.[a-z0-9-]+\.json"
)
_TEXTS = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|changelog|changes|release[-_]?notes)(?:\.(?:md|txt|rst|html))?"
)


def kind_of(filename: str) -> str:
    """Return `signature`, `sbom`, `other` for digests, keys, texts and what updaters read, or else `package`."""
    lower = filename.lower()
    if lower.endswith(SIGNATURE_ENDINGS) or _SIGNED_BUNDLE.search(lower):
        return "signature"
    if lower.endswith(SBOM_ENDINGS) or lower in SBOM_NAMES:
        return "sbom"
    is_other = lower.endswith(UPDATE_ENDINGS + KEY_ENDINGS + DESCRIPTION_ENDINGS) or _DIGESTS.search(lower)
    return "other" if is_other or _FEEDS.fullmatch(lower) or _TEXTS.fullmatch(lower) else "package"
