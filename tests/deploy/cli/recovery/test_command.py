"""The commands as an operator runs them: backup beside `recourse up`, restore into a folder on which nothing runs."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import httpx

from deploy.installation import Installation
from tests.serving import PLAIN
from tests.system.conftest import free_port
from tests.system.test_up import command, up, wait_for


def client(at: Installation, token: str) -> httpx.Client:
    return httpx.Client(base_url=at.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=PLAIN)


def repeated(site: httpx.Client, body: Any) -> Any:
    """The same request until it is answered, as a sender does whom a busy server told to come back."""
    for _ in range(60):
        answer = site.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": "1"})
        if answer.status_code != 503:
            break
        time.sleep(1)
    return answer.json()


def test_to_another_folder_and_back(tmp_path: Path) -> None:
    data, other, kept = tmp_path / "data", tmp_path / "other", tmp_path / "kept.tar.gz"
    with up(data, free_port()) as at, client(at, token := at.token("machine", "test")) as site:
        body = {"narrative": "It broke.", "person": {"email": "a@example.org"}}
        made = site.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": "1"}).json()
        wait_for(site, f"/api/v1/cases/{made['id']}")
        saved = command(data, "backup", str(kept), "--json")
        assert saved.returncode == 0, saved.stderr
        assert json.loads(saved.stdout)["events"] > 3
        again = command(data, "backup", str(kept))
        assert again.returncode == 1
        assert "there already" in again.stderr
        erased = command(data, "erased")
        assert (erased.returncode, erased.stdout) == (0, "")
        running = command(data, "restore", str(kept))
        assert running.returncode == 1
        assert "Another run" in running.stderr
    without = command(other, "restore", str(kept))
    assert without.returncode == 1
    assert "master key" in without.stderr
    shutil.copytree(data / "secrets", other / "secrets")
    wrong = tmp_path / "wrong"
    shutil.copytree(data / "secrets", wrong / "secrets")
    (wrong / "secrets" / "master-key").write_text("00" * 32)
    refused = command(wrong, "restore", str(kept))
    assert refused.returncode == 1
    assert "master key" in refused.stderr
    listed = tmp_path / "erased.txt"
    for content, said in ((None, "cannot be used"), (f"{made['id']}\n\nEverybody\n", "line 3: that is no person's id")):
        if content:
            listed.write_text(content)
        refused = command(other, "restore", str(kept), "--erased", str(listed))
        assert refused.returncode == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    brought = command(other, "restore", str(kept), "--json")
    assert brought.returncode == 0, brought.stdout + brought.stderr
    assert json.loads(brought.stdout)["findings"] == []
    shutil.rmtree(other / "kafka")
    rebuilt = command(other, "kafka", "rebuild", "--yes")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    with up(other, free_port()) as at, client(at, token) as site:
        assert wait_for(site, f"/api/v1/cases/{made['id']}").json()["reference"] == made["reference"]
        known = repeated(site, body)
        assert known.get("id") == made["id"], known
        verified = command(other, "audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
