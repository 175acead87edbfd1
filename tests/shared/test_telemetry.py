"""A log line says where something failed, never what was in the variables."""

import pytest

from shared.telemetry import configure_logging, log


@pytest.mark.parametrize("json", [True, False])
def test_a_traceback_quotes_no_variable(capsys: pytest.CaptureFixture[str], json: bool) -> None:
    configure_logging(json=json)
    narrative = "what a customer wrote"
    try:
        int(narrative)
    except ValueError as error:
        log.error("request failed", reference="abc", exc_info=error)
    configure_logging(json=False)
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert narrative not in said
    assert "test_telemetry.py" in said
