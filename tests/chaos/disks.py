"""Small file systems of their own for the servers' data, so that a test can fill them: ext4 in a file, loop-mounted."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

MEGABYTES = {"kafka": 3000, "postgres": 6000}
"""Far more than a run writes; the files are sparse."""
BALLAST = "ballast"


def available(folder: Path) -> bool:
    """Mounting is for root, and not in every container."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        return False
    with suppress(subprocess.CalledProcessError, OSError), _mounted(folder / "trial", 16):
        return True
    return False


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Each server's folder is a disk of its own for as long as the block runs."""
    with ExitStack() as stack:
        for name, size in MEGABYTES.items():
            stack.enter_context(_mounted(folder / name, size))
        yield


def fill(disk: Path) -> None:
    """Leave nothing free, not even what a server frees meanwhile."""
    with (disk / BALLAST).open("ab") as ballast:
        for size in (1 << 26, 1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), size)


def free(disk: Path) -> None:
    """Take the ballast away."""
    (disk / BALLAST).unlink(missing_ok=True)


@contextmanager
def _mounted(at: Path, megabytes: int) -> Iterator[None]:
    image = at.with_suffix(".ext4")
    at.mkdir(mode=0o700)
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(at)], check=True, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(at)], check=True)
    finally:
        image.unlink()
        with suppress(OSError):
            at.rmdir()
