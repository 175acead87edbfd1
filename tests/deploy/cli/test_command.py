"""What cannot be used or does not answer is told in a sentence, before anything is done."""

import logging
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.command import COMMANDS, app, load, main
from deploy.cli.data import imports
from tests.system.conftest import free_port

Said = tuple[int, str]
Recourse = Callable[..., Said]


@pytest.fixture
def recourse(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Recourse]:
    """The status that a command ends with, and what it says on standard error."""
    for name in ("RECOURSE_KAFKA", "RECOURSE_POSTGRES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECOURSE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(*words: object, **named: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["recourse", *map(str, words)])
        with monkeypatch.context() as given:
            for name, value in named.items():
                given.setenv(f"RECOURSE_{name}", value)
            with pytest.raises(SystemExit) as ended:
                main()
        return int(str(ended.value.code)), capsys.readouterr().err

    yield run
    logging.disable(logging.NOTSET)


@pytest.fixture
def servers() -> dict[str, str]:
    """Named, and not there."""
    nowhere = f"localhost:{free_port()}"
    return {
        "KAFKA": nowhere, "POSTGRES": f"postgresql://me:word@{nowhere}/x", "SECRET": "s",
        "MASTER_KEY": "00" * 32, "URL": f"http://{nowhere}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("REPLICATION", "x", "RECOURSE_REPLICATION (copies of each topic that is made) is x: Input should be"),
        ("SEAL_EVERY", "-1", "RECOURSE_SEAL_EVERY (seconds between checkpoints) is -1: Input should be greater than 0"),
        ("POSTGRES_PASSWORD_FILE", "/nonexistent", "RECOURSE_POSTGRES_PASSWORD_FILE names /nonexistent, which cannot"),
    ],
)
def test_a_setting_that_is_not_understood_is_named(
    recourse: Recourse, servers: dict[str, str], setting: str, value: str, why: str
) -> None:
    status, said = recourse("lag", **servers | {setting: value})
    assert (status, why in said) == (1, True), said


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("LIMITS", "nonsense", ": nonsense is no limit."),
        ("SESSION_HOURS", "abc", "RECOURSE_SESSION_HOURS (hours after which any session ends) is abc: Input should be"),
    ],
)
def test_settings_are_read_before_anything_is_started(
    recourse: Recourse, tmp_path: Path, setting: str, value: str, why: str
) -> None:
    status, said = recourse("up", "--port", free_port(), **{setting: value})
    assert (status, why in said) == (1, True), said
    assert not (tmp_path / "data").exists()


def test_it_says_which_release_it_is() -> None:
    told = CliRunner().invoke(app, ["--version"])
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert (told.exit_code, told.stdout) == (0, f"recourse {project['version']}\n")


def test_the_list_says_of_a_command_what_the_command_says_of_itself() -> None:
    said = {name: load(name).help.partition("\n\n")[0] for name in COMMANDS}
    assert said == {name: words for name, (_, words) in COMMANDS.items()}


def test_a_port_is_one_that_can_be(recourse: Recourse) -> None:
    for port in ("abc", "99999", "-5"):
        status, said = recourse("up", PORT=port)
        assert (status, "RECOURSE_PORT" in said) == (2, True), said
    status, said = recourse("lag", PORT="abc")
    assert (status, "Nothing runs on" in said) == (1, True), "other commands have no use for it"


def test_a_place_that_cannot_be_used_is_named(recourse: Recourse, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for words in (
        ("up", "--port", free_port(), "--data", file), ("secrets", file), ("contracts", "write", file / "x"),
    ):  # fmt: skip
        status, said = recourse(*words)
        assert (status, f"Error: {file}" in said, "cannot be used: " in said) == (1, True, True), said


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "checkpoint"), ("audit", "bundle", "00000000-0000-0000-0000-000000000000"), ("audit", "checker"),
        ("audit", "consistency", "1", "2"), ("erase", "00000000-0000-0000-0000-000000000000", "--yes"),
        ("certificate", "00000000-0000-0000-0000-000000000000"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_nothing_is_written_over_and_an_output_is_looked_at_first(
    recourse: Recourse, servers: dict[str, str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("kept")
    status, said = recourse(*words, "-o", kept, **servers)
    assert (status, "kept.txt is there already, and nothing is written over it" in said) == (1, True), said
    assert kept.read_text() == "kept"
    status, said = recourse(*words, "-o", tmp_path / "missing" / "new.txt", **servers)
    assert (status, "new.txt cannot be written: No such file or directory" in said) == (1, True), said


def test_a_server_that_does_not_answer_is_named_with_where_it_was_looked_for(
    recourse: Recourse, servers: dict[str, str]
) -> None:
    environment = os.environ | {f"RECOURSE_{name}": value for name, value in servers.items()}
    lag = [sys.executable, "-m", "deploy", "lag"]
    done = subprocess.run(lag, env=environment, capture_output=True, text=True, check=False)
    status, said = done.returncode, done.stderr
    assert (status, said.count("\n")) == (1, 1), "nothing of clients that were not closed"
    assert f"Kafka at {servers['KAFKA']} did not answer (KafkaConnectionError)." in said
    assert said.rstrip().endswith("Is RECOURSE_KAFKA right, and does it run?")
    status, said = recourse("keys", "status", **servers)
    assert (status, "PostgreSQL did not answer (connection failed: " in said) == (1, True), said
    assert "Is RECOURSE_POSTGRES right" in said
    assert "word" not in said
    status, said = recourse("audit", "key", **servers)
    assert f"Recourse at {servers['KAFKA']} did not answer (ConnectError). Is RECOURSE_URL right" in said
    assert "recourse up" not in said


def test_a_token_works_for_a_hundred_years_at_most(recourse: Recourse) -> None:
    status, said = recourse("token", "create", "--days", "99999999")
    assert (status, "36500" in said) == (2, True), said


def test_contracts_are_compared_with_some(recourse: Recourse, tmp_path: Path) -> None:
    status, said = recourse("contracts", "check", tmp_path)
    assert (status, f"There is no schema in {tmp_path / 'schemas'}." in said) == (1, True), said


@pytest.mark.parametrize("words", [("hold", "--until", "2031-01-01"), ("lift",), ("erase", "--yes")], ids=" ".join)
def test_a_reason_has_words(recourse: Recourse, servers: dict[str, str], words: tuple[str, ...]) -> None:
    status, said = recourse(*words, "00000000-0000-0000-0000-000000000000", "--reason", " ", **servers)
    assert (status, "say why with --reason" in said) == (1, True), said


def test_an_address_is_looked_at_before_the_log_is_sealed(recourse: Recourse, servers: dict[str, str]) -> None:
    status, said = recourse("audit", "checkpoint", "--mail", "nonsense", **servers)
    assert (status, "nonsense is no e-mail address" in said) == (1, True), said


GOOD = "Product,Consumer complaint narrative\nMortgage,It broke.\n"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("other.csv", b"Name,Age\nJo,3\n", "has none of the columns"), ("empty.csv", b"", "has none of the columns"),
        ("random.csv", bytes(range(256)), ""), ("array.json", b'[{"product": "Mortgage"}]', ":1: this line is no JSON"),
        ("broken.jsonl", b'{"product": "Mortgage"}\n{"prod\n', ":2: this line is no JSON"),
        ("binary.jsonl", b"\xff\xfe\n", ":1: this line is no JSON"), ("missing.csv", None, "No such file"),
    ],
)  # fmt: skip
def test_all_files_are_looked_at_before_the_first_is_imported(
    recourse: Recourse, servers: dict[str, str], tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    status, said = recourse("import", "cfpb", tmp_path / "good.csv", tmp_path / name, **servers)
    assert (status, f"{tmp_path / name}" in said, why in said) == (1, True, True), said
    assert "Nothing was imported" in said


@pytest.mark.parametrize(("refused", "status"), [(2, 1), (1, 0)])
def test_an_import_of_which_nothing_was_taken_did_not_succeed(
    recourse: Recourse,
    servers: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: int,
    status: int,
) -> None:
    totals = imports.Totals(rows=2, refused=refused, accepted=2 - refused)
    monkeypatch.setattr(imports, "import_file", lambda *_: totals)
    (tmp_path / "good.csv").write_text(GOOD)
    found, said = recourse("import", "cfpb", tmp_path / "good.csv", "--json", **servers)
    assert (found, "Every row was refused of" in said) == (status, bool(status)), said


def test_a_complaint_on_a_line_of_json_may_have_any_letter(tmp_path: Path) -> None:
    file = tmp_path / "lines.json"
    file.write_text('{"product": "Mortgage\u2028loan"}\n', "utf-8")
    assert imports.count_rows(file) == 1
