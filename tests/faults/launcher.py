"""Start the processes of a fault run as forks of one process that has loaded the hub.

Loading Django and the hub takes up to two seconds of CPU time, and a fault run starts dozens of processes. A fork only
shares the loaded code with the others: it opens its own connections, and it is killed like any other process.

python -m tests.faults.launcher MODULE...       load these modules, and start a process for each line of standard input
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.services.processes import Child, ServiceError, die_with_parent, interrupts

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.02


class Fork:
    """A process that a launcher has started, with the methods of `subprocess.Popen` that the fault runs use."""

    def __init__(self, launcher: Launcher, pid: int) -> None:
        self._launcher, self.pid = launcher, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._launcher.ask(pid=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if timeout is not None and deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        # Until the launcher has been asked for its exit code, the ID of an ended process is not used again.
        if self.poll() is None:
            os.kill(self.pid, number)


class Launcher:
    """Starts processes in one environment.

    `modules` are loaded before the first one starts. `folder` is where the output of `run` is stored meanwhile.
    """

    def __init__(self, environment: Mapping[str, str], modules: Sequence[str], folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *modules],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )

    def start(self, *arguments: object, folder: Path, output: Path, errors: Path) -> Fork:
        """Start Python in the folder with a script, or with `-m` and a module, and their arguments."""
        place = {"folder": str(folder), "output": str(output), "errors": str(errors)}
        pid = self.ask(arguments=[str(argument) for argument in arguments], place=place)
        assert pid is not None
        return Fork(self, pid)

    @contextmanager
    def running(self, name: str, *arguments: object, log: Path) -> Iterator[Child]:
        """Run a process during the block, in the folder of its log, as `tests.services.processes.running` does."""
        process = self.start(*arguments, folder=log.parent, output=log, errors=log)
        child = Child(name, process, log, (signal.SIGTERM,))
        try:
            yield child
        finally:
            child.stop()

    def begin(self, *arguments: object) -> StartedCommand:
        """Start a command whose output is of interest."""
        output, errors = (Path(tempfile.mkstemp(dir=self._folder)[1]) for _ in range(2))
        return StartedCommand(self.start(*arguments, folder=ROOT, output=output, errors=errors), output, errors)

    def run(self, *arguments: object) -> str:
        """Run a command to its end, and return its output.

        Raises:
            ServiceError: The command failed.
        """
        command = self.begin(*arguments)
        output, errors = command.finish()
        if command.process.returncode:
            raise ServiceError(
                f"{arguments} ended with {command.process.returncode}:\n{output[-1000:]}{errors[-3000:]}"
            )
        return output

    def ask(self, **request: Any) -> int | None:
        # A signal between a question and its answer would leave the answer to the next question.
        with interrupts.held():
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise ServiceError(f"The launcher ended with {self._process.wait()}.")
        answer: int | None = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.communicate()


class StartedCommand:
    """A process and the files with its output."""

    def __init__(self, process: Fork, output: Path, errors: Path) -> None:
        self.process, self._output, self._errors = process, output, errors

    def finish(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end, and return its output and its errors, as `subprocess.Popen.communicate` does."""
        self.process.wait(timeout)
        return self._output.read_text(), self._errors.read_text()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Launchers:
    """One launcher for each environment, all of which end with the block."""

    def __init__(self, folder: Path, *modules: str) -> None:
        self._folder, self._modules = folder, modules
        self._running: dict[frozenset[tuple[str, str]], Launcher] = {}

    def __enter__(self) -> Launchers:
        return self

    def __exit__(self, *exception: object) -> None:
        for launcher in self._running.values():
            launcher.close()

    def of(self, environment: Mapping[str, str]) -> Launcher:
        key = frozenset(environment.items())
        if key not in self._running:
            self._running[key] = Launcher(environment, self._modules, self._folder)
        return self._running[key]


def serve(lines: Iterator[str]) -> list[str]:
    """Answer each line. In a process that was started, return the arguments to continue with."""
    for line in lines:
        request = json.loads(line)
        if "arguments" in request:
            answer: int | None = os.fork()
            if not answer:
                become(**request["place"])
                return [str(argument) for argument in request["arguments"]]
        else:
            answer = exit_code(request["pid"])
        print(json.dumps(answer), flush=True)
    return []


def exit_code(pid: int) -> int | None:
    """Return the exit code of a process, or None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(folder: str, output: str, errors: str) -> None:
    """Turn a fork into a process with a session, a folder and files of its own."""
    die_with_parent(signal.SIGTERM)
    os.setsid()
    os.chdir(folder)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)


def main(modules: Sequence[str]) -> None:
    import django

    django.setup()
    for module in modules:
        import_module(module)
    gc.collect()
    gc.freeze()  # a collection in a fork would otherwise copy the memory of all loaded code
    match serve(iter(sys.stdin.readline, "")):
        case ["-m", module, *arguments]:
            sys.argv = [module, *arguments]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [script, *arguments]:
            sys.argv = [script, *arguments]
            runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
