"""`recourse dead`: records that a view or policy could not take in."""

import asyncio

import typer

from deploy.cli.bus.replay import replay
from deploy.cli.console import Data, Json, console, fail, installation, print_table, write_json
from shared.kafka.dead_letters import dead_letters

app = typer.Typer(no_args_is_help=True, help="Records that a view or policy could not take in.")
SHOWN = ("group", "offset", "source", "type", "error")


@app.command("list")
def dead_list(data: Data = None, as_json: Json = False) -> None:
    """Every record that was set aside, with why."""
    letters = asyncio.run(dead_letters(installation(data).cluster))
    if as_json:
        write_json([{name: getattr(one, name) for name in SHOWN} for one in letters])
    elif letters:
        titles = ("Consumer", "Number", "Source", "Type", "Error")
        print_table(titles, [[str(getattr(one, name)) for name in SHOWN] for one in letters])
    else:
        console.print("No record was set aside.")


@app.command("show")
def dead_show(group: str, number: int, data: Data = None) -> None:
    """One record as it is: headers, and the value with its sealed fields closed."""
    for letter in asyncio.run(dead_letters(installation(data).cluster)):
        if (letter.group, letter.offset) == (group, number):
            for name, value in letter.headers:
                console.print(f"{name}: {value.decode('utf-8', 'replace')}", highlight=False)
            console.print((letter.value or b"").decode("utf-8", "replace"), highlight=False, markup=False)
            return
    raise fail(f"{group} has set nothing aside under number {number}. `recourse dead list` shows what there is.")


@app.command("replay")
def dead_replay(data: Data = None) -> None:
    """Take in what was set aside with the code of today: views are rebuilt, policies react."""
    at = installation(data)
    letters = asyncio.run(dead_letters(at.cluster))
    done = asyncio.run(replay(at, letters))
    console.print(f"{done} of {len(letters)} records were taken in again.")
