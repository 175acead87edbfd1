"""`recourse rebuild` and `recourse lag`: are the views whole, and how far are they?"""

import asyncio
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from deploy.cli import operations
from deploy.cli.console import Data, Json, bars, console, fail, installation, print_table, write_json

app = typer.Typer()


@app.command()
def rebuild(
    view: Annotated[str | None, typer.Argument(help="SERVICE or SERVICE.VIEW; all without it.")] = None,
    verify: Annotated[bool, typer.Option(help="Compare with the live view; switch only if equal.")] = False,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Build views again from Kafka, beside the live ones, and switch."""
    at, made = installation(data), {}
    wanted = operations.chosen(view)
    with bars() as say:
        for service, chosen in wanted:
            name = f"{service.name}.{chosen.name}"
            work = operations.rebuild_view(at, service, chosen, verify=verify, progress=partial(say, name))
            made[name] = asyncio.run(work)
    if as_json:
        write_json([{"service": name.partition(".")[0], **asdict(one)} for name, one in made.items()])
    else:
        said = {True: "yes", False: "no"}
        print_table(
            ("View", "Records", "Rows", "Equal to live" if verify else "", "Switched"),
            [
                (name, one.records, one.rows, said[not one.differences] if verify else "", said[one.switched])
                for name, one in made.items()
            ],
        )
        for one in made.values():
            for difference in one.differences:
                console.print(f"differs: {difference}", highlight=False)
    for name, one in made.items():
        if one.gap:
            fail(f"{name} is built up to where the log has a gap. {one.gap}.")
    if any(one.differences or one.gap for one in made.values()):
        raise typer.Exit(1)


@app.command()
def lag(data: Data = None, as_json: Json = False) -> None:
    """Show how far every view and policy is behind Kafka."""
    found = asyncio.run(operations.lags(installation(data)))
    if as_json:
        write_json([asdict(one) for one in found])
    else:
        print_table(("Consumer", "Behind", "Dead letters"), [(one.consumer, one.behind, one.dead) for one in found])
