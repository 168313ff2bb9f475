"""CPU time and memory of process trees, read from /proc."""

import os
import re
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """Return the IDs of the process and of all its living descendants."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat(int(entry.name))):
            below.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += below.get(found[-1], [])
    return found


def stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on, or an empty list if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(root: int) -> float:
    """Return the CPU time of the whole tree, including children that have ended."""
    return sum(int(ticks) for pid in tree(root) for ticks in stat(pid)[11:15]) / TICKS


def run_seconds(root: int) -> float:
    """Return the CPU time of the living processes of the tree, which is finer than the ticks of `cpu_seconds`."""
    return sum(run_nanoseconds(pid) for pid in tree(root)) / 1e9


def run_nanoseconds(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return 0


def pss_mib(pid: int) -> float:
    """Return the proportional set size in MiB, which does not count shared pages twice."""
    return kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss") / 1024


def peak_mib(pid: int) -> float:
    """Return the peak memory of the process in MiB."""
    return kib(Path(f"/proc/{pid}/status"), "VmHWM") / 1024


def kib(path: Path, name: str) -> int:
    match = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    return int(match[1]) if match else 0


def listens(root: int, port: int) -> bool:
    """Return True if a process of this tree, and not an unrelated one, listens on the loopback port."""
    sockets = {f"socket:[{inode}]" for inode in listening(port)}
    return any(link in sockets for pid in tree(root) for link in open_files(pid))


def listening(port: int) -> set[str]:
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return {fields[9] for fields in lines if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port}


def open_files(pid: int) -> list[str]:
    try:
        return [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # the process has ended in the meantime
        return []
