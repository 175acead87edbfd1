"""Run as a process of its own: keeps one server as its child and ends it when the starter has gone.

The starter holds the other end of standard input. However it ends, kill -9 included, the pipe closes, and
that works for any thread of it on any Unix; the kernel's parent-death signal alone would fire as soon as
the *thread* that started the server returns. Only the standard library here: it runs with -I -S.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_guard(stop: int) -> Callable[[], None] | None:
    """Should the guard itself be killed, the kernel stops the server (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl, guard = ctypes.CDLL(None).prctl, os.getpid()

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, stop)
        if os.getppid() != guard:
            os._exit(1)

    return before_exec


def run(stop: int, grace: float, user: int, group: int, command: list[str]) -> int:
    """Tell the server's pid, then wait for it to end or for the starter to close the pipe."""
    child_ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=2,
        stderr=2,
        close_fds=False,  # it inherits the lock on its folder, and so outlives us without a successor beside it
        user=user if user >= 0 else None,
        group=group if user >= 0 else None,
        extra_groups=[] if user >= 0 else None,
        preexec_fn=die_with_guard(stop),  # noqa: PLW1509 - this process has one thread
    )
    os.write(1, f"{server.pid}\n".encode())
    os.close(1)
    while server.poll() is None:
        readable, _, _ = select.select([0, child_ended], [], [])
        if child_ended in readable:
            os.read(child_ended, 64)
        if 0 in readable and not os.read(0, 64):
            server.send_signal(stop)
            try:
                server.wait(grace)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    return server.returncode


if __name__ == "__main__":
    stop, grace, user, group, *command = sys.argv[1:]
    sys.exit(run(int(stop), float(grace), int(user), int(group), command) != 0)
