"""`recourse erased`: what an old backup cannot know, small enough to be kept elsewhere every few minutes."""

import sys

import psycopg
import typer

from deploy.cli.console import Data, installation
from deploy.cli.operations import database
from deploy.cli.recovery.tombstones import OWNER

app = typer.Typer()


@app.command()
def erased(data: Data = None) -> None:
    """List the ids of everybody who was erased, for `recourse restore --erased`.

    One on a line.
    """
    with psycopg.connect(database(installation(data), OWNER)) as conn:
        for (person,) in conn.execute("select person_id from keys where wrapped is null order by person_id"):
            sys.stdout.write(f"{person}\n")
