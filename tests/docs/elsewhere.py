"""Blocks that a test of the pages cannot run itself, why, and the test that runs the same."""

from typing import NamedTuple


class Elsewhere(NamedTuple):
    why: str
    file: str
    by: str
    """What stands in that file and runs it."""


ELSEWHERE = {
    "make up": Elsewhere("It installs first.", "tests/system/test_up.py", '"deploy", "up"'),
    "make test": Elsewhere("It is this.", ".ci/run", "make test"),
    "make lint": Elsewhere("It looks at the sources.", ".ci/run", "make lint"),
    ".venv/bin/recourse demo": Elsewhere(
        "A year takes minutes.", "tests/deploy/cli/data/test_demo.py", "CliRunner().invoke, demo.app"
    ),
    'python copy_topic.py "$KAFKA" cases copy.db': Elsewhere(
        "It runs until it is stopped, and meets a gap.", "tests/docs/test_subscriber.py", '"copy_topic.py"'
    ),
    "python -m venv reader": Elsewhere("A venv of its own.", "tests/docs/test_events.py", '"venv", reader'),
    "reader/bin/pip install ./shared/events aiokafka": Elsewhere(
        "The venv is the test's.",
        "tests/docs/test_events.py",
        '"install", "-q", ROOT / "shared" / "events", "aiokafka"',
    ),
    'reader/bin/python read_topic.py "$KAFKA" people-keys cases': Elsewhere(
        "It runs until it is stopped.", "tests/docs/test_events.py", '"read_topic.py"'
    ),
    "make containers": Elsewhere("It needs Docker.", "tests/stack/compose.py", '"up", "--wait", "--detach"'),
    "docker compose run --rm recourse lag": Elsewhere(
        "It needs Docker.", "tests/stack/compose.py", '"run", "--rm", "--no-deps", "-T", "recourse"'
    ),
    'docker compose run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/here" --workdir /here'
    " recourse backup today.tar.gz": Elsewhere("It needs Docker.", "tests/stack/test_stack.py", '"--workdir", "/here"'),
    "docker compose --profile observe up --wait": Elsewhere(
        "It needs Docker.", "tests/stack/compose.py", '"--profile", "observe"'
    ),
    'docker compose exec intake python -c "import httpx; '
    "print(httpx.get('http://127.0.0.1:8000/health/ready').text)\"": Elsewhere(
        "It needs Docker.", "tests/stack/test_stack.py", "httpx.get('http://127.0.0.1:8000/health/ready')"
    ),
    "recourse serve intake --host 127.0.0.1 --port 8001": Elsewhere(
        "It needs servers; faults and load run against processes.", "tests/processes.py", '"deploy", "serve", service'
    ),
    "recourse serve cases --port 8002": Elsewhere("As the line before it.", "tests/processes.py", '"--port"'),
    "make bench": Elsewhere(
        "It measures for many minutes.", "tests/load/test_load.py", "BENCHMARKS[name](installation, True)"
    ),
    ".venv/bin/python -m tests.load end-to-end": Elsewhere(
        "As the line before it.", "tests/load/test_load.py", "BENCHMARKS[name](installation, True)"
    ),
    ".venv/bin/python -m tests.load --small": Elsewhere(
        "The same, one after the other.", "tests/load/test_load.py", "BENCHMARKS[name](installation, True)"
    ),
    ".venv/bin/python -m tests.load relay --json before.json": Elsewhere(
        "It measures for minutes.", "tests/load/test_load.py", "BENCHMARKS[name](installation, True)"
    ),
    ".venv/bin/python -m tests.load relay --against before.json": Elsewhere(
        "As the line before it.", "tests/load/test_load.py", "BENCHMARKS[name](installation, True)"
    ),
}
