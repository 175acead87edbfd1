"""Files are read as their models say, the firm's over ours; what is wrong is named with file, line and rule."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, Field
from typer.testing import CliRunner

from deploy.cli.command import app
from shared.features import config
from shared.features.codes import OUTCOMES
from shared.features.config import CONFIG, ConfigFile, ConfigFolder, ConfigNotValid


class Part(BaseModel):
    size: int = Field(ge=1)
    colours: list[str] = []


class Sizes(BaseModel):
    default: Part
    parts: list[Part] = []


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Path]:
    """The folder that a service's module would stand in."""
    (tmp_path / "ours" / "kinds").mkdir(parents=True)
    (tmp_path / "ours" / "sizes.toml").write_text("[default]\nsize = 3\n")
    for name in ("one", "two"):
        (tmp_path / "ours" / "kinds" / f"{name}.toml").write_text("size = 1\n")
    yield tmp_path / "ours"
    config.use(None)
    for name in ("sizes.toml", "kinds"):
        CONFIG.pop(name, None)


def test_a_firms_file_stands_in_for_ours_whole(ours: Path, tmp_path: Path) -> None:
    sizes: ConfigFile[Sizes] = ConfigFile(ours / "sizes.toml", Sizes)
    kinds: ConfigFolder[Part] = ConfigFolder(ours / "kinds", Part)
    assert (sizes().default.size, {name: part.size for name, part in kinds().items()}) == (3, {"one": 1, "two": 1})
    firm = tmp_path / "firm"
    (firm / "kinds").mkdir(parents=True)
    (firm / "sizes.toml").write_text("default = {size = 9}\n")
    for name in ("two", "three"):
        (firm / "kinds" / f"{name}.toml").write_text("size = 5\n")
    config.use(firm)
    assert sizes().default.size == 9
    assert {name: part.size for name, part in kinds().items()} == {"one": 1, "three": 5, "two": 5}
    config.use(None)
    assert sizes().default.size == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[default]\nsize = 0\n", "sizes.toml:2: default.size: Input should be greater than or equal to 1"),
        ("# none\n[default]\n", "sizes.toml:2: default.size: Field required"),
        ("x = 1\n", "sizes.toml: default: Field required"),
        ("[default]\nsize = 1\n[[parts]]\nsize = 2\n\n[[parts]]\nsize = 0\n", "sizes.toml:7: parts.1.size"),
        (
            "[default]\nsize = 1\ncolours = [\n  1,\n]\n",
            "sizes.toml:3: default.colours.0: Input should be a valid",
        ),
        ("[default]\nsize = \n", "sizes.toml:2: Invalid value"),
        ("[default]\n[default]\n", "sizes.toml:2: Cannot declare ('default',) twice"),
        ("parts = [", "sizes.toml:1: Invalid value"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(ours: Path, text: str, said: str) -> None:
    sizes: ConfigFile[Sizes] = ConfigFile(ours / "sizes.toml", Sizes)
    (ours / "sizes.toml").write_text(text)
    with pytest.raises(ConfigNotValid) as refused:
        config.check()
    assert str(refused.value).startswith(f"{ours}/{said}")
    assert sizes.value is None


def test_all_that_is_wrong_is_told_at_once(ours: Path) -> None:
    sizes: ConfigFile[Sizes] = ConfigFile(ours / "sizes.toml", Sizes)
    kinds: ConfigFolder[Part] = ConfigFolder(ours / "kinds", Part)
    sizes.path.write_bytes(b"\xff")
    (kinds.path / "one.toml").write_text("size = 'x'\ncolours = 1\n")
    with pytest.raises(ConfigNotValid) as refused:
        config.check()
    assert [line.partition(" ")[0] for line in str(refused.value).splitlines()] == [
        f"{ours}/sizes.toml:", f"{ours}/kinds/one.toml:1:", f"{ours}/kinds/one.toml:2:"
    ]  # fmt: skip


def test_the_command_tells_an_operator_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "outcomes.toml").write_text('upheld = {label = "upheld", tone = "loud"}\n')
    (tmp_path / "retention.toml").write_text("[[rules]]\nname = 'one'\n")
    (tmp_path / "outcome.toml").write_text("")
    done = CliRunner().invoke(app, ["config", "check", str(tmp_path)])
    config.use(None)
    assert done.exit_code == 1
    assert f"{tmp_path}/outcomes.toml:1: upheld.tone: Input should be 'neutral'," in done.output
    assert f"{tmp_path}/retention.toml:1: rules.0.years: Field required" in done.output
    assert f"{tmp_path}/outcome.toml: nothing reads it. There are: alert_rules.toml, alerts.toml, " in done.output


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["config", "check", str(tmp_path / "none")])
    assert (done.exit_code, str(done.exception)) == (1, f"{tmp_path / 'none'} is no folder")
    assert "upheld" in OUTCOMES
