"""An installation: its secrets and accounts, and the way in which a command finds one that runs."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import tomli_w
from argon2 import PasswordHasher
from psycopg.conninfo import make_conninfo

from deploy.gateway import server_settings
from shared.events.unsealing import parse
from shared.kafka.topics import Cluster
from shared.keys.master_keys import Masters
from shared.security.signing import Signer
from shared.service.settings import Settings

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
    """Addresses and secrets with which a service or a command reaches everything."""

    url: str
    kafka: str
    postgres: str
    secret: str
    master_key: str
    master_key_file: str | None = None
    prefix: str = ""
    replication: int = 1
    accounts: str | None = None
    smtp: str = "localhost:25"
    embedded: bool = False
    seal_key: str | None = None
    seal_every: float = 3600
    id_secret: str = ""

    def settings(self, database: str) -> Settings:
        """For the service whose database this is."""
        return Settings(
            postgres=database, kafka=self.cluster, master_key=self.masters(), secret=self.secret,
            public_url=self.url, accounts=Path(self.accounts) if self.accounts else None, smtp=self.smtp,
            embedded=self.embedded, seal_key=bytes.fromhex(self.seal_key) if self.seal_key else None,
            seal_every=self.seal_every, id_secret=self.id_secret, **server_settings.settings(embedded=self.embedded),
        )  # fmt: skip

    def masters(self) -> Masters:
        """From the file where there is one, so that a running service sees it change."""
        if self.master_key_file:
            return Masters(file=Path(self.master_key_file))
        return Masters(*parse(self.master_key))

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.kafka, self.prefix, self.replication)

    def token(self, role: str, name: str) -> str:
        return Signer(self.secret).token(role, name)

    def write(self, data: Path) -> None:
        """So that commands find it; only the owner may read it."""
        path = data / "running.json"
        path.touch(mode=0o600)
        path.chmod(0o600)  # one that was left may have been opened to others
        note = replace(self, master_key="") if self.master_key_file else self
        path.write_text(json.dumps(asdict(note)))


def find(data: Path, environment: Mapping[str, str] = os.environ) -> Installation:
    """From the environment where it names servers, else the one that runs on this data folder."""
    if "RECOURSE_KAFKA" in environment and "RECOURSE_POSTGRES" in environment:
        return Installation(
            url=environment.get("RECOURSE_URL", f"http://localhost:{DEFAULT_PORT}"),
            kafka=environment["RECOURSE_KAFKA"], postgres=_postgres(environment),
            secret=_secret("RECOURSE_SECRET", environment), master_key=_secret("RECOURSE_MASTER_KEY", environment),
            master_key_file=None if "RECOURSE_MASTER_KEY" in environment else environment["RECOURSE_MASTER_KEY_FILE"],
            prefix=environment.get("RECOURSE_TOPIC_PREFIX", ""), accounts=environment.get("RECOURSE_ACCOUNTS"),
            replication=int(server_settings.number("RECOURSE_REPLICATION", environment) or 1),
            smtp=environment.get("RECOURSE_SMTP", "localhost:25"), seal_key=_seal_key(environment),
            seal_every=server_settings.number("RECOURSE_SEAL_EVERY", environment) or 3600,
            id_secret=_id_secret(environment),
        )  # fmt: skip
    path = data / "running.json"
    if not path.exists() or not in_use(data):
        raise NotRunning(f"Nothing runs on {data}. Start it with `recourse up`, or name servers in the environment.")
    return Installation(**json.loads(path.read_text()))


def in_use(data: Path) -> bool:
    """True while a run holds the folder: one that was killed leaves its note behind, and not its lock."""
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _postgres(environment: Mapping[str, str]) -> str:
    """The server's conninfo, with the password that is kept apart from it, if any."""
    apart = "RECOURSE_POSTGRES_PASSWORD"
    if apart not in environment and f"{apart}_FILE" not in environment:
        return environment["RECOURSE_POSTGRES"]
    return make_conninfo(environment["RECOURSE_POSTGRES"], password=_secret(apart, environment))


def _seal_key(environment: Mapping[str, str]) -> str | None:
    """Only reporting needs it."""
    name = "RECOURSE_SEAL_KEY"
    return _secret(name, environment) if {name, f"{name}_FILE"} & environment.keys() else None


def _id_secret(environment: Mapping[str, str]) -> str:
    """The secret, until that is changed: then the first one must be named, for ids follow from it."""
    name = "RECOURSE_ID_SECRET"
    if {name, f"{name}_FILE"} & environment.keys():
        return _secret(name, environment)
    if len(_secret("RECOURSE_SECRET", environment).splitlines()) > 1:
        raise NotRunning(f"RECOURSE_SECRET was changed: set {name} to what it was at first, or ids would change.")
    return ""


def _secret(name: str, environment: Mapping[str, str]) -> str:
    """NAME, or the content of the file that NAME_FILE names."""
    if name in environment:
        return environment[name]
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotRunning(f"{name}_FILE names {file}, which cannot be read ({type(error).__name__}).") from None
    raise NotRunning(f"Set {name}, or {name}_FILE to a file that holds it.")


@dataclass(frozen=True)
class Seeds:
    """The first contents of a data folder: secrets, and an account per role with one password for all."""

    secret: str
    master_key: str
    password: str
    accounts: Path
    seal_key: str
    id_secret: str


def seed(data: Path) -> Seeds:
    """Read the seeds, made on the first start; readable by their owner alone."""
    return seeds_in(data / "secrets")


def seeds_in(folder: Path) -> Seeds:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    accounts = folder / "accounts.toml"
    secret = once(folder / "secret", secrets.token_urlsafe(32))
    seeds = Seeds(
        secret, once(folder / "master-key", secrets.token_hex(32)),
        once(folder / "password", secrets.token_urlsafe(6)), accounts,
        once(folder / "seal-key", secrets.token_hex(32)), once(folder / "id-secret", secret.splitlines()[-1]),
    )  # fmt: skip
    if not accounts.exists():
        hashed = PasswordHasher().hash(seeds.password)
        entries = {f"{r}@example.org": {"name": r.title(), "role": r, "password": hashed} for r in ROLES}
        once(accounts, tomli_w.dumps(entries))
    return seeds


def once(path: Path, value: str) -> str:
    """The file's content, which is `value` where there was no file."""
    if not path.exists():
        aside = path.with_suffix(".new")
        aside.touch(mode=0o600)
        aside.write_text(value)
        aside.rename(path)
    return path.read_text()
