"""Look for an update with Velopack's GithubSource and download it, as an installed application does.

    python velopack_github.py REPOSITORY_URL FOLDER [--token TOKEN] [--prerelease]

The output is what was found, as JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import velopack

MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2010/07/nuspec.xsd"><metadata>
<id>Tool</id><title>Tool</title><description>Tool</description><authors>ann</authors><version>1.0.0</version>
<channel>linux</channel><mainExe>tool</mainExe><os>linux</os><rid>linux-x64</rid>
</metadata></package>"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--token")
    parser.add_argument("--prerelease", action="store_true")
    options = parser.parse_args()
    source = velopack.GithubSource(options.url, options.token, options.prerelease)
    manager = velopack.UpdateManager(source, None, installed_in(options.folder))
    found = manager.check_for_updates()
    if found is None:
        print(json.dumps({"version": None}))
        return
    target = found.TargetFullRelease
    manager.download_updates(found)
    content = (options.folder / "packages" / target.FileName).read_bytes()
    print(json.dumps({"version": target.Version, "sha256": hashlib.sha256(content).hexdigest()}))


def installed_in(folder: Path) -> velopack.VelopackLocatorConfig:
    """Return where an application in version 1.0.0 is installed."""
    for name in ("packages", "current"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    updater, manifest = folder / "UpdateNix", folder / "current" / "sq.version"
    updater.touch(mode=0o755)
    manifest.write_text(MANIFEST)
    paths = (folder, updater, folder / "packages", manifest, folder / "current")
    return velopack.VelopackLocatorConfig(*(str(path) for path in paths), False)


if __name__ == "__main__":
    main()
