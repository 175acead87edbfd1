"""Settings of a service. One particular to a service stands in that service's own section, a subclass of `Settings`.

Where they come from is not known here: a field is filled by whoever puts the installation together, from a variable
`RECOURSE_` and the field's name. A field without a description is nothing that an operator sets.
"""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationInfo, field_validator, model_validator

from shared.events.unsealing import parse
from shared.http.rate_limits import FREE, Limits
from shared.kafka.topics import Cluster
from shared.keys.master_keys import Masters
from shared.times import Window

Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
EMBEDDED = Limits(strangers=FREE, requests=FREE)
"""Behind one address on one machine nobody is a stranger; passwords are still guarded."""


def hidden(default: Any, description: str, **more: Any) -> Any:
    """A field that is never shown, and may be given as a file."""
    return Field(default, description=description, repr=False, **more)


class Settings(BaseModel):
    """Settings that every service has."""

    model_config = ConfigDict(frozen=True)

    embedded: bool = False
    kafka: str = Field(description="bootstrap address, like kafka:9092")
    topic_prefix: str = Field("", description="stands before the names of all topics and groups")
    replication: PositiveInt = Field(1, description="copies of each topic that is made")
    postgres: str = hidden(..., "conninfo URL")
    secret: str = hidden(..., "signs sessions, links and tokens; the same for all services")
    id_secret: str = hidden("", "the first secret ever used: ids of mentions and authors follow from it")
    master_key: str = hidden("", "64 hexadecimal digits that wrap each person's key; the same for all services")
    master_key_file: Path | None = Field(None, description="holds the master key, and is read again when it changes")
    url: str = Field("http://localhost:8000", description="the address that people see")
    accounts: Path | None = Field(None, description="a TOML file of accounts")
    limits: Limits = Field("", validate_default=True, description="what somebody may ask for, like strangers=60/60")
    session_minutes: Amount = Field(60, description="minutes after which an idle session ends")
    session_hours: Amount = Field(12, description="hours after which any session ends")
    body_megabytes: Amount = Field(10, description="the largest request, in megabytes")
    purge_window: Window = Field(
        "01:00-05:00",
        validate_default=True,
        description="hours in UTC in which tables are rewritten after an erasure",
    )

    @field_validator("limits", mode="before")
    @classmethod
    def _read_limits(cls, given: Any, info: ValidationInfo) -> Any:
        default = EMBEDDED if info.data["embedded"] else Limits()
        return Limits.read(given, default) if isinstance(given, str) else given

    @field_validator("purge_window", mode="before")
    @classmethod
    def _read_window(cls, given: Any) -> Any:
        return Window.read(given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _secrets_are_there(self) -> Self:
        if not (self.master_key or self.master_key_file):
            raise ValueError("Set RECOURSE_MASTER_KEY, or RECOURSE_MASTER_KEY_FILE to a file that holds it.")
        if len(self.secret.splitlines()) > 1 and not self.id_secret:
            raise ValueError(
                "RECOURSE_SECRET was changed: set RECOURSE_ID_SECRET to what it was at first, or ids would change."
            )
        return self

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.kafka, self.topic_prefix, self.replication)

    def masters(self) -> Masters:
        """From the file where there is one, so that a running service sees it change."""
        return Masters(*parse(self.master_key)) if self.master_key else Masters(file=self.master_key_file)

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """The section of a service, from the settings that it runs with."""
        assert isinstance(settings, cls)
        return settings

    @property
    def ids(self) -> str:
        """The secret that ids follow from: it never changes."""
        return self.id_secret or self.secret

    @property
    def secure(self) -> bool:
        """True if browsers reach us by https."""
        return self.url.startswith("https://")
