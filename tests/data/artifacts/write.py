"""Write all artifacts into a folder, to try them with other programs."""

import sys
from pathlib import Path

from tests.data.artifacts import ARTIFACTS, DECEIVING


def main(target: Path) -> None:
    for place, artifacts in ((target / "accepted", ARTIFACTS), (target / "rejected", DECEIVING)):
        place.mkdir(parents=True, exist_ok=True)
        for name, artifact in artifacts.items():
            (place / name).write_bytes(artifact.build())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
