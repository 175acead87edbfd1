"""A wall clock for each service that a test can step while the service runs; the machine's own stays as it is.

A small library is preloaded that adds an offset to the wall clock and leaves the monotonic clock alone: libfaketime
changes both, or neither well, and Python's waits hang or fail under it.
"""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


def available() -> bool:
    """It needs a C compiler and the GNU linker's preloading."""
    return sys.platform == "linux" and shutil.which("cc") is not None


class Clocks:
    """The offsets of all processes, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library = folder / "clock.so"
        if available():
            command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE), "-ldl"]
            subprocess.run(command, check=True)

    def environment(self, name: str) -> dict[str, str]:
        """For the process of this name, whose clock is right until it is stepped."""
        if not self._library.exists():
            return {}
        if not self._offset(name).exists():
            self._offset(name).write_bytes(struct.pack("=q", 0))
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._offset(name))}

    def step(self, name: str, seconds: int) -> None:
        """From now on the process is `seconds` off; 0 puts its clock right."""
        with self._offset(name).open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), struct.pack("=q", seconds), 0)

    def _offset(self, name: str) -> Path:
        return self._folder / f"{name}.clock"
