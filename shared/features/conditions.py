"""Conditions of rules: CEL (https://cel.dev) over the fields that a rule may look at, checked when a rule is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import cel
from pydantic import PlainValidator

NAMED_WITHIN = re.compile(r"\.(?:all|exists|exists_one|filter|map)\(\s*(\w+)\s*,")
"""What an expression names by itself, each element of a list."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression that holds of some fields, or not."""

    program: cel.Program

    def holds(self, fields: Mapping[str, object]) -> bool:
        return self.program.execute(dict(fields)) is True


def over(*samples: Mapping[str, object]) -> PlainValidator:
    """In `Annotated[Condition, over(...)]`: it may name the fields of the samples, and answers yes or no of each."""

    def checked(text: object) -> Condition:
        try:
            program = cel.compile(str(text))
            unknown = sorted({*program.variables()} - {*samples[0], *NAMED_WITHIN.findall(str(text))})
            answers = [] if unknown else [program.execute(dict(sample)) for sample in samples]
        except (ValueError, TypeError, RuntimeError) as error:
            raise ValueError(str(error).partition("\n")[0]) from None
        if unknown:
            raise ValueError(f"there is no field {unknown[0]}; there are: {', '.join(samples[0])}")
        if not all(isinstance(answer, bool) for answer in answers):
            raise ValueError("a condition answers true or false")
        return Condition(program)

    return PlainValidator(checked)
