"""An installation: its secrets and accounts, and the way in which a command finds one that runs."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import tomli_w
from argon2 import PasswordHasher
from psycopg.conninfo import make_conninfo
from pydantic import ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from deploy.embedded.process import DataFolderInUse, claimed
from deploy.files import replacing
from services.intake.settings import IntakeSettings
from services.reporting.settings import ReportingSettings
from shared.security.signing import Signer
from shared.service.settings import hidden

ROLES = ("handler", "leader", "quality", "compliance", "auditor", "admin")
DEFAULT_PORT = 8000
PREFIX = "RECOURSE_"
NAMED = ("RECOURSE_KAFKA", "RECOURSE_POSTGRES")
"""With both set, they name the installation; `recourse up` uses each in place of a server of its own."""


class NotRunning(Exception):
    """No installation runs here and none is named by the environment."""


class NotUnderstood(NotRunning):
    """A setting is missing or not what it should be; the message names it."""


class Variables(EnvSettingsSource):
    """RECOURSE_NAME or, for a secret, the content of the file that RECOURSE_NAME_FILE names; empty is not set."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if field.description is None:
            return None, field_name, False
        value, key, _ = super().get_field_value(field, field_name)
        file = self.env_vars.get(f"{PREFIX}{field_name}_file".lower())
        if value is None and file and not field.repr and f"{field_name}_file" not in self.settings_cls.model_fields:
            try:
                value = Path(file).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(
                    f"{PREFIX}{field_name.upper()}_FILE names {file}, which cannot be read ({type(error).__name__})."
                ) from None
        return value, key, False

    def prepare_field_value(self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        """As it is written: no variable is JSON."""
        return value


class Installation(IntakeSettings, ReportingSettings, BaseSettings):
    """Addresses, secrets and settings of all services; for a command, `postgres` is the server."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    postgres_password: str = hidden("", "that of PostgreSQL, where the URL has none")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **others: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, Variables(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _with_password(cls, given: dict[str, Any]) -> dict[str, Any]:
        if password := given.pop("postgres_password", ""):
            given["postgres"] = make_conninfo(given.get("postgres", ""), password=password)
        return given

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read from the environment what is not given; raises `NotUnderstood`."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise NotUnderstood(_sentence(error)) from None
        except SettingsError as error:
            raise NotUnderstood(str(error.__cause__)) from None

    @classmethod
    def on_this_machine(cls, seeds: "Seeds", **given: Any) -> Self:
        """Of the embedded mode; its servers' addresses are known once they run."""
        return cls.read(
            embedded=True, kafka="", postgres="", replication=1, secret=seeds.secret, id_secret=seeds.id_secret,
            master_key="", master_key_file=seeds.accounts.with_name("master-key"), accounts=seeds.accounts,
            seal_key=seeds.seal_key, seal_every=3600, postgres_password="", **given,
        )  # fmt: skip

    @classmethod
    def check(cls) -> None:
        """Of what the embedded mode takes from the environment."""
        cls.read(embedded=True, kafka="", postgres="", secret="", master_key="-")

    def settings(self, database: str) -> Self:
        """For the service whose database this is: it takes its own section."""
        return self.model_copy(update={"postgres": database})

    def token(self, role: str, name: str) -> str:
        return Signer(self.secret).token(role, name)

    def write(self, data: Path) -> None:
        """So that commands find it, whole; only the owner may read it."""
        with replacing(data / "running.json") as file:
            file.write(self.model_dump_json().encode())


def _sentence(error: ValidationError) -> str:
    """The first thing that is wrong, and the variable that says it."""
    wrong = error.errors()[0]
    said = wrong["msg"].removeprefix("Value error, ")
    if not wrong["loc"]:
        return said
    name = str(wrong["loc"][0])
    field, variable = Installation.model_fields[name], PREFIX + name.upper()
    if wrong["type"] == "missing":
        return f"Set {variable}{'' if field.repr else f', or {variable}_FILE to a file that holds it'}."
    given = f" is {wrong['input']}" if field.repr else ""
    return f"{variable} ({field.description}){given}: {said.removesuffix('.')}. Correct it, or leave it out."


def data_folder(given: Path | None) -> Path:
    """`--data`, else RECOURSE_DATA, else `.data` in the present folder."""
    return (given or Path(os.environ.get("RECOURSE_DATA", ".data"))).resolve()


def find(data: Path) -> Installation:
    """From the environment where it names servers, else the one that runs on this data folder."""
    return Installation.read() if all(map(os.environ.get, NAMED)) else running_on(data)


def running_on(data: Path) -> Installation:
    """The one that holds the folder: one that was killed leaves its note behind, and not its lock."""
    note = data / "running.json"
    if note.exists():
        try:
            with claimed(data):
                pass
        except DataFolderInUse:
            return Installation(**json.loads(note.read_text()))
    raise NotRunning(f"Nothing runs on {data}. Start it with `recourse up`, or name servers in the environment.")


@dataclass(frozen=True)
class Seeds:
    """The first contents of a data folder: secrets, and an account per role with one password for all."""

    secret: str
    master_key: str
    password: str
    accounts: Path
    seal_key: str
    id_secret: str


def seed(folder: Path) -> Seeds:
    """Read the seeds, made on the first start; readable by their owner alone."""
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
        with replacing(path) as file:
            file.write(value.encode())
    return path.read_text()
