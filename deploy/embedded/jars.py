"""The jars of Apache Kafka: pinned by SHA-256 in jgo.lock.toml, kept in the local Maven repository.

`python -m deploy.embedded.jars` resolves them anew and rewrites the lock file.
"""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.process import EmbeddedServerError, not_installed

LOCK = Path(__file__).with_name("jgo.lock.toml")
ROOTS = [("org.apache.kafka", "kafka_2.13", "4.3.1"), ("org.slf4j", "slf4j-simple", "1.7.36")]


@dataclass(frozen=True)
class Jar:
    group: str
    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.group}:{self.name}:{self.version}"

    @property
    def path(self) -> Path:
        """The path at which every Maven client keeps it."""
        return Path(*self.group.split("."), self.name, self.version, f"{self.name}-{self.version}.jar")


def jars(lock: Path = LOCK, say: Callable[[str], None] = lambda _: None) -> list[Path]:
    """The files for the class path, each proven to be the pinned one; those missing are fetched."""
    repository = Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")
    pinned = locked(lock)
    missing = [jar for jar in pinned if _sha256(repository / jar.path) != jar.sha256]
    if missing:
        say(f"Fetching {len(missing)} jars of Apache Kafka (once)")
        with ThreadPoolExecutor(4) as pool:
            for fetched in [pool.submit(_fetch, jar, repository) for jar in missing]:
                fetched.result()
    return [repository / jar.path for jar in pinned]


def locked(lock: Path) -> list[Jar]:
    """The jars that the lock file pins."""
    entries = tomllib.loads(lock.read_text())["dependencies"]
    return [Jar(e["groupId"], e["artifactId"], e["version"], e["sha256"]) for e in entries]


def _fetch(jar: Jar, repository: Path) -> None:
    """Fetch aside, prove, then rename: an interrupted or altered download never lies in the repository."""
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 - half a second that most starts do not need
        from jgo.maven import MavenContext  # noqa: PLC0415
    except ImportError:
        raise not_installed("jgo") from None
    mirrors = GlobalSettings.load().repositories or None
    repository.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=repository, prefix=".incoming-") as incoming:
        context = MavenContext(repo_cache=Path(incoming), remote_repos=mirrors)
        try:
            fetched = context.project(jar.group, jar.name).at_version(jar.version).artifact().resolve()
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            raise EmbeddedServerError(
                f"{jar} could not be fetched from the package index: {error}. "
                "Check the network (behind a proxy: HTTPS_PROXY; with a mirror: its address under [repositories] "
                "in ~/.config/jgo.conf) and run again, or name an existing broker with RECOURSE_KAFKA."
            ) from error
        if (found := _sha256(fetched)) != jar.sha256:
            raise EmbeddedServerError(
                f"{jar} is not the file that Recourse was built with: its SHA-256 is {found}, not {jar.sha256}. "
                "It was not kept. Run again; if it happens again, the package index or a proxy on the way alters "
                "files: ask whoever runs it, or name an existing broker with RECOURSE_KAFKA."
            )
        (repository / jar.path).parent.mkdir(parents=True, exist_ok=True)
        fetched.replace(repository / jar.path)


def _sha256(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def relock() -> None:
    """Resolve the roots and what they need, and pin what came."""
    from jgo.env import LockFile  # noqa: PLC0415
    from jgo.maven import Dependency, MavenContext  # noqa: PLC0415

    context = MavenContext()
    roots = [Dependency(context.project(group, name).at_version(v).artifact()) for group, name, v in ROOTS]
    found, needed = context.resolver.resolve(roots)
    LockFile.from_resolved_dependencies([*found, *needed]).save(LOCK)


if __name__ == "__main__":
    relock()
