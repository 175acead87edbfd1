"""Where an installation keeps its secrets and accounts, and how a command finds one that runs."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import tomli_w
from argon2 import PasswordHasher

from shared.identity import Signer
from shared.runtime import Settings
from shared.topics import Cluster

ROLES = ("handler", "leader", "quality", "compliance", "auditor", "admin")
DEFAULT_DATA = ".data"
DEFAULT_PORT = 8000


class NotRunning(Exception):
    """No installation runs here and none is named by the environment."""


def data_folder(given: Path | None) -> Path:
    """`--data`, else RECOURSE_DATA, else `.data` in the present folder."""
    return (given or Path(os.environ.get("RECOURSE_DATA", DEFAULT_DATA))).resolve()


@dataclass(frozen=True)
class Installation:
    """What a service or a command needs to reach everything."""

    url: str
    kafka: str
    postgres: str
    secret: str
    master_key: str
    prefix: str = ""
    accounts: str | None = None
    smtp: str = "localhost:25"
    embedded: bool = False

    def settings(self, database: str) -> Settings:
        """For the service whose database this is."""
        return Settings(
            postgres=database, kafka=self.cluster, master_key=bytes.fromhex(self.master_key), secret=self.secret,
            public_url=self.url, accounts=Path(self.accounts) if self.accounts else None, smtp=self.smtp,
            embedded=self.embedded,
        )  # fmt: skip

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.kafka, self.prefix)

    def token(self, role: str, name: str) -> str:
        return Signer(self.secret).token(role, name)

    def write(self, data: Path) -> None:
        """So that commands find it; only the owner may read it."""
        path = data / "running.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))


def find(data: Path, environment: Mapping[str, str] = os.environ) -> Installation:
    """From the environment where it names servers, else the one that runs on this data folder."""
    if "RECOURSE_KAFKA" in environment and "RECOURSE_POSTGRES" in environment:
        return Installation(
            url=environment.get("RECOURSE_URL", f"http://localhost:{DEFAULT_PORT}"),
            kafka=environment["RECOURSE_KAFKA"], postgres=environment["RECOURSE_POSTGRES"],
            secret=_secret("RECOURSE_SECRET", environment), master_key=_secret("RECOURSE_MASTER_KEY", environment),
            prefix=environment.get("RECOURSE_TOPIC_PREFIX", ""), accounts=environment.get("RECOURSE_ACCOUNTS"),
            smtp=environment.get("RECOURSE_SMTP", "localhost:25"),
        )  # fmt: skip
    path = data / "running.json"
    if not path.exists() or not in_use(data):
        raise NotRunning(f"Nothing runs on {data}. Start it with `recourse up`, or name servers in the environment.")
    return Installation(**json.loads(path.read_text()))


def in_use(data: Path) -> bool:
    """Whether a run holds the folder: one that was killed leaves its note behind, and not its lock."""
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _secret(name: str, environment: Mapping[str, str]) -> str:
    """NAME, or the content of the file that NAME_FILE names."""
    if name in environment:
        return environment[name]
    if f"{name}_FILE" in environment:
        return Path(environment[f"{name}_FILE"]).read_text().strip()
    raise NotRunning(f"Set {name}, or {name}_FILE to a file that holds it.")


@dataclass(frozen=True)
class Seeds:
    """What a data folder is given once: secrets, and an account per role with one password for all."""

    secret: str
    master_key: str
    password: str
    accounts: Path


def seed(data: Path) -> Seeds:
    """Read the seeds, made on the first start; readable by their owner alone."""
    folder = data / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    accounts = folder / "accounts.toml"
    seeds = Seeds(
        _once(folder / "secret", secrets.token_urlsafe(32)), _once(folder / "master-key", secrets.token_hex(32)),
        _once(folder / "password", secrets.token_urlsafe(6)), accounts,
    )  # fmt: skip
    if not accounts.exists():
        hashed = PasswordHasher().hash(seeds.password)
        entries = {f"{r}@example.org": {"name": r.title(), "role": r, "password": hashed} for r in ROLES}
        _once(accounts, tomli_w.dumps(entries))
    return seeds


def _once(path: Path, value: str) -> str:
    if not path.exists():
        aside = path.with_suffix(".new")
        aside.touch(mode=0o600)
        aside.write_text(value)
        aside.rename(path)
    return path.read_text()
