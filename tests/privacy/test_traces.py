"""A span says what kind of error it was and where, never what people wrote."""

import secrets

import pytest
from opentelemetry import trace

from shared.telemetry import span
from tests.system.test_trace import exporter

WORD = secrets.token_hex(8)


@pytest.mark.parametrize("error", [ValueError(WORD), KeyError(WORD), RuntimeError(f"value: {WORD}")])
def test_a_failing_span_does_not_quote(error: Exception) -> None:
    kept = exporter()
    with pytest.raises(type(error)), span(f"fails {WORD[:4]}"):
        raise error
    made = [one for one in kept.get_finished_spans() if one.name == f"fails {WORD[:4]}"]
    assert made
    assert WORD not in "".join(one.to_json() for one in made)
    assert made[-1].status.status_code is trace.StatusCode.ERROR
    assert type(error).__name__ in str(made[-1].status.description)
