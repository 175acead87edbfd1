"""What `recourse audit verify` prints of what strangers put into the log."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from deploy.cli.audit import audit
from deploy.cli.command import app
from services.reporting.audit.findings import Finding, Verified

STRANGE = Finding("added", "topic", "cases", 0, 5, 7, "[/bold] case.closed.v1 [red]\x1b[2K", "cases/x/1", "put there")


def test_a_finding_is_printed_as_it_is_whatever_a_stranger_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(*_: object) -> Verified:
        return Verified(records=1, findings=(STRANGE,))

    monkeypatch.setattr(audit, "installation", lambda data: SimpleNamespace(cluster=None))
    monkeypatch.setattr(audit, "databases", lambda at: {})
    monkeypatch.setattr(audit, "verify_all", found)
    done = CliRunner().invoke(app, ["audit", "verify"])
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert r"position 7, [/bold] case.closed.v1 [red]\x1b[2K, cases/x/1: put there" in done.stdout
