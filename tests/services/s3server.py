"""A throw-away S3 server for tests: `.venv-s3/bin/python tests/services/s3server.py FOLDER PORT`.

OpenStack Swift with its S3 front: four processes on PORT to PORT+3 of the loopback address, everything kept in FOLDER.
It checks signatures as the real thing does. One line on standard output says when it is ready; SIGTERM ends it.
Key `test:tester`, secret `testing`, region `us-east-1`, path addressing, signature version `s3v4`.
"""

import argparse
import errno
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

HOST = "127.0.0.1"
READY_SECONDS = 180.0  # for a busy machine; it only ends a start that hangs
SERVERS = ("proxy", "account", "container", "object")  # on PORT, PORT+1, PORT+2, PORT+3

# Swift would share a taken port (SO_REUSEPORT) and write to the system's log: it may do neither here.
# It makes itself the leader of a session, so the kernel is asked to end it should this process be killed.
LAUNCH = """
import ctypes, functools, importlib, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM
if os.getppid() != int(sys.argv.pop(1)):
    sys.exit("The process that started this server is gone.")
from swift.common import wsgi
from swift.common.utils import logs
wsgi.listen = functools.partial(wsgi.listen, reuse_port=False)
logs.ThreadSafeSysLogHandler.emit = lambda handler, record: None
importlib.import_module(f"swift.{sys.argv.pop(1)}.server").main()
"""

# One process makes the three rings; the command-line tool of Swift would need nine.
MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
folder, host, *ports = sys.argv[1:]
for name, port in zip(("account", "container", "object"), map(int, ports), strict=True):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    place = {"ip": host, "port": port, "replication_ip": host, "replication_port": port}
    builder.add_dev({"region": 1, "zone": 1, "device": "d1", "weight": 100.0, "meta": "", **place})
    builder.rebalance(seed="releasehub")
    builder.get_ring().save(f"{folder}/{name}.ring.gz")
"""

SWIFT_CONF = """
[swift-hash]
swift_hash_path_prefix = releasehub
swift_hash_path_suffix = test
[storage-policy:0]
name = default
default = yes
"""

COMMON_CONF = """
[DEFAULT]
bind_ip = {host}
bind_port = {port}
bind_timeout = 1
user = {user}
swift_dir = {settings}
devices = {devices}
mount_check = false
fallocate_reserve = 0
workers = 0
log_level = WARNING
"""

STORAGE_CONF = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

PROXY_CONF = """
cors_allow_origin = *
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
cors_preflight_allow_origin = *
min_segment_size = 1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
minimum_segment_size = 1
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
"""

Processes = dict[str, "subprocess.Popen[bytes]"]


class StartError(Exception):
    """Why the server does not start, in one sentence."""


def refuse_taken_ports(port: int) -> None:
    """Check the four ports. Raise StartError with the port if one of them is in use."""
    for number in range(port, port + len(SERVERS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise StartError(f"Port {number} cannot be used ({error.strerror}): name another one.") from error


def refuse_plain_file_system(folder: Path) -> None:
    """Check that the folder supports extended attributes, in which Swift stores the metadata of objects."""
    if not hasattr(os, "setxattr"):
        return
    try:
        os.setxattr(folder, "user.releasehub", b"1")
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        raise StartError(f"{folder} cannot hold extended attributes: use a folder on ext4, xfs or btrfs.") from error


def write_settings(folder: Path, port: int) -> Path:
    """Write the configuration files and rings into a subfolder of the server's folder."""
    settings, devices = folder / "etc", folder / "dev"
    settings.mkdir(parents=True, exist_ok=True)
    (devices / "d1").mkdir(parents=True, exist_ok=True)
    (settings / "swift.conf").write_text(SWIFT_CONF)
    user = pwd.getpwuid(os.geteuid()).pw_name
    for number, name in enumerate(SERVERS, start=port):
        common = COMMON_CONF.format(host=HOST, port=number, user=user, settings=settings, devices=devices)
        special = PROXY_CONF if name == "proxy" else STORAGE_CONF.format(name=name)
        (settings / f"{name}.conf").write_text(common + special)
    ports = [str(port + offset) for offset in range(1, len(SERVERS))]
    subprocess.run([sys.executable, "-c", MAKE_RINGS, settings, HOST, *ports], check=True)
    return settings


def start(folder: Path, settings: Path, processes: Processes) -> None:
    """Start the processes. Each is added to `processes` at once, so that a failure leaves none behind."""
    for name in SERVERS:
        package = "obj" if name == "object" else name
        command = [sys.executable, "-c", LAUNCH, str(os.getpid()), package, str(settings / f"{name}.conf")]
        with (folder / f"{name}.log").open("wb") as log:
            processes[name] = subprocess.Popen(
                [*command, "--verbose"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def refuse_dead(folder: Path, processes: Processes) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise StartError(f"The {name} server ended with {process.returncode}: see {folder / f'{name}.log'}.")


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def wait_until_ready(folder: Path, processes: Processes, port: int) -> None:
    """Wait until all four ports respond. Raise StartError if a process ends or the time is over."""
    deadline = time.monotonic() + READY_SECONDS
    while not all(is_listening(port + offset) for offset in range(len(SERVERS))):
        refuse_dead(folder, processes)
        if time.monotonic() > deadline:
            raise StartError(f"The S3 server was not ready after {READY_SECONDS:.0f} s: see the logs in {folder}.")
        time.sleep(0.05)
    refuse_dead(folder, processes)


def stop(processes: Processes) -> None:
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve(folder: Path, port: int) -> None:
    """Run until a signal arrives, and end the processes in any case."""
    refuse_taken_ports(port)
    folder.mkdir(parents=True, exist_ok=True)
    refuse_plain_file_system(folder)
    settings = write_settings(folder, port)
    processes: Processes = {}
    try:
        start(folder, settings, processes)
        wait_until_ready(folder, processes, port)
        print(f"S3 ready on http://{HOST}:{port}", flush=True)
        while True:
            refuse_dead(folder, processes)
            time.sleep(0.5)
    finally:
        stop(processes)


def end(number: int, frame: FrameType | None) -> None:
    """The first signal ends the server in an orderly way, later ones change nothing."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    raise SystemExit(0)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A throw-away S3 server for tests.")
    parser.add_argument("folder", type=Path, help="everything the server writes goes here")
    parser.add_argument("port", type=int, help="the S3 port; the next three are used as well")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        serve(options.folder.resolve(), options.port)
    except StartError as reason:
        raise SystemExit(str(reason)) from None


if __name__ == "__main__":
    main()
