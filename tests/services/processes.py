"""Starting and stopping processes so that none outlives the program that started it."""

import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

HOST = "127.0.0.1"
PORTS = range(20_000, 30_000)  # below the ports the kernel hands out by itself
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

Command = Sequence[object]  # strings, paths, numbers


class ServiceError(Exception):
    """Why the services cannot be had, in a sentence for the person who started them."""


class Stopped(SystemExit):
    """A signal asked the program to end; the exit code is the usual 128 + its number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


class Interrupts:
    """Signals that ask to end become `Stopped`, raised only where nothing can be left half started or half stopped."""

    def __init__(self) -> None:
        self._allowed = False
        self._pending = 0

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Take the signals over for a block, but for those the parent told us to ignore (as nohup does)."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("Start the services from the main thread: only it receives signals.")
        self._pending = 0
        wanted = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        previous = {number: signal.signal(number, self._receive) for number in wanted}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let a signal raise `Stopped` immediately within this block. Elsewhere it waits for the next `check`."""
        try:
            self._allowed = True
            self.check()
            yield
        finally:
            self._allowed = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Defer signals within this block, so that an exception that leaves the block is not interrupted."""
        before, self._allowed = self._allowed, False
        yield
        self._allowed = before
        if before:
            self.check()

    def check(self) -> None:
        """Raise Stopped if a signal is waiting."""
        if number := self._pending:
            self._allowed, self._pending = False, 0
            raise Stopped(number)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._pending = number
        if self._allowed:
            self.check()


interrupts = Interrupts()


class Process(Protocol):
    """A process of `subprocess.Popen`, or a fork of a fault run."""

    pid: int
    returncode: Any

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...


@dataclass
class Child:
    """A process of ours, known by its id."""

    name: str
    process: Process
    log: Path
    stop_signals: Sequence[signal.Signals]

    def stop(self) -> None:
        """Send SIGTERM, then SIGKILL if necessary, and wait until the process has ended."""
        for number in (*self.stop_signals, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)

    def ensure_alive(self) -> None:
        """Raise ServiceError with the end of the log if the process has ended."""
        if self.process.poll() is not None:
            raise ServiceError(f"{self.name} ended with {self.process.returncode}:\n{tail(self.log)}")


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def running(
    name: str,
    command: Command,
    *,
    log: Path,
    account: pwd.struct_passwd | None = None,
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,),
) -> Iterator[Child]:
    """A child process for the length of a block; `account` is whom it runs as when we are root."""
    group = account.pw_gid if account else None
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the command that uses the services, not for them
            user=account.pw_uid if account else None,
            group=group,
            extra_groups=None if group is None else [group],
            preexec_fn=lambda: die_with_parent(stop_signals[0]),  # safe: no threads here
        )
    child = Child(name, process, log, stop_signals)
    try:
        yield child
    finally:
        child.stop()


def run_step(name: str, command: Command, *, log: Path, account: pwd.struct_passwd | None = None) -> None:
    """Run a command and wait for its end.

    Raises:
        ServiceError: The command failed. The message has the end of its output.
        Stopped: A signal arrived.
    """
    with running(name, command, log=log, account=account) as child:
        while child.process.poll() is None:
            interrupts.check()
            time.sleep(0.02)
        if child.process.returncode:
            child.ensure_alive()


def wait_until(ready: Callable[[], bool], child: Child, *, seconds: float = 180) -> None:
    """Wait until the condition holds.

    Raises:
        ServiceError: The child ended, or the time is over.
        Stopped: A signal arrived.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        interrupts.check()
        child.ensure_alive()
        if time.monotonic() > deadline:
            raise ServiceError(f"{child.name} was not ready after {seconds:.0f} s:\n{tail(child.log)}")
        time.sleep(0.02)
    child.ensure_alive()


def free_ports(count: int) -> int:
    """The first of `count` consecutive loopback ports that nobody listens on."""
    starts = random.sample(PORTS[:-count], k=200)
    return next(start for start in starts if all(is_free(port) for port in range(start, start + count)))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def die_with_parent(number: int) -> None:
    """Ask the kernel to send this process a signal when the one that started it is gone, even by SIGKILL."""
    _prctl(PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent has ended, so that `children()` finds them."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def children() -> set[int]:
    """Return the process ids of our children, as far as the system reports them."""
    try:
        found = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:
        return set()
    return {int(number) for number in found.split()}


def end_survivors(before: set[int]) -> list[str]:
    """Kill the children that were not there before and still run. Return their command lines."""
    found = []
    for pid in children() - before:
        with suppress(OSError):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                continue  # it has ended, but its parent has not read its exit status yet
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if "multiprocessing.resource_tracker" in command:
                continue
            if command:  # otherwise the kernel has freed its memory, and only its end is missing
                found.append(f"{pid}: {command}")
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return found


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)
