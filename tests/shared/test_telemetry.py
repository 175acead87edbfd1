"""A log line says where something failed, never what was in the variables."""

import io
import logging

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


def test_the_server_tells_no_message_of_an_error_again() -> None:
    narrative, said = "what a customer wrote", io.StringIO()
    of_uvicorn = logging.getLogger("uvicorn.error")
    handler = logging.StreamHandler(said)
    of_uvicorn.addHandler(handler)
    try:
        int(narrative)
    except ValueError as error:
        of_uvicorn.error("Exception in ASGI application", exc_info=error)
    of_uvicorn.removeHandler(handler)
    assert said.getvalue() == "Exception in ASGI application\n"
