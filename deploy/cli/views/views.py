"""`recourse rebuild` and `recourse lag`: are the views whole, and how far are they?"""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli import operations
from deploy.cli.console import Data, Json, bars, console, fail, installation, write_json

app = typer.Typer()


@app.command()
def rebuild(
    view: Annotated[str | None, typer.Argument(help="SERVICE or SERVICE.VIEW; all without it.")] = None,
    verify: Annotated[bool, typer.Option(help="Compare with the live view; switch only if equal.")] = False,
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Build views again from Kafka, beside the live ones, and switch."""
    at = installation(data)
    results = []
    try:
        wanted = operations.chosen(view)
    except KeyError as unknown:
        raise fail(str(unknown.args[0])) from None
    with bars() as progress:
        for service, one in wanted:
            task = progress.add_task(f"{service.name}.{one.name}", total=None)

            def show(done: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            made = asyncio.run(operations.rebuild_view(at, service, one, verify=verify, progress=show))
            results.append({"service": service.name, **asdict(made)})
    if as_json:
        write_json(results)
    else:
        table = Table("View", "Records", "Rows", "Equal to live" if verify else "", "Switched", box=None)
        for made_ in results:
            equal = ("no" if made_["differences"] else "yes") if verify else ""
            switched = "yes" if made_["switched"] else "no"
            table.add_row(
                f"{made_['service']}.{made_['view']}", f"{made_['records']:,}", f"{made_['rows']:,}", equal, switched
            )
        console.print(table)
        for made_ in results:
            for difference in made_["differences"]:
                console.print(f"differs: {difference}", highlight=False)
    for made_ in results:
        if made_["gap"]:
            fail(f"{made_['service']}.{made_['view']} is built up to where the log has a gap. {made_['gap']}.")
    if any(made_["differences"] or made_["gap"] for made_ in results):
        raise typer.Exit(1)


@app.command()
def lag(data: Data = None, as_json: Json = False) -> None:
    """Show how far every view and policy is behind Kafka."""
    found = asyncio.run(operations.lags(installation(data)))
    if as_json:
        write_json([asdict(one) for one in found])
        return
    table = Table("Consumer", "Behind", "Dead letters", box=None)
    for one in found:
        table.add_row(one.consumer, f"{one.behind:,}", f"{one.dead:,}")
    console.print(table)
