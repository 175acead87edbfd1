"""The firm's list of root causes: data that a compliance officer keeps, checked when the service starts."""

import tomllib
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

LIST = Path(__file__).with_name("root_causes.toml")


class RootCause(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="What events carry.")
    name: str = Field(min_length=1, max_length=80, description="What people read.")


class RootCauses(BaseModel):
    """One version of the list, in the order in which it is offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    effective_from: date
    causes: tuple[RootCause, ...] = Field(min_length=1)

    @field_validator("causes")
    @classmethod
    def _each_once(cls, causes: tuple[RootCause, ...]) -> tuple[RootCause, ...]:
        codes = [cause.code for cause in causes]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"a code stands for one cause, and these stand twice: {', '.join(sorted(twice))}")
        return causes

    @property
    def names(self) -> dict[str, str]:
        return {cause.code: cause.name for cause in self.causes}


def load_root_causes(path: Path = LIST) -> RootCauses:
    return RootCauses.model_validate(tomllib.loads(path.read_text()))
