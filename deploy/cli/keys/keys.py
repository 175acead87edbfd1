"""`recourse keys`: which master key wraps how many keys, and another master key for all of them."""

import asyncio
import secrets
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.console import Data, Json, Refused, console, installation, print_table, write_json
from deploy.cli.keys import rotation
from deploy.cli.keys.key_topic import TopicKeys
from deploy.cli.operations import databases
from deploy.installation import Installation
from shared.events.unsealing import MasterKeyNotValid, id_of, parse

app = typer.Typer(no_args_is_help=True, help="People's keys, and the master key that wraps them.")


@app.command()
def status(data: Data = None, as_json: Json = False) -> None:
    """Count the keys of each service, by the id of the master key that wraps them, and those that were destroyed."""
    at = installation(data)
    counts = {service: rotation.held(url) for service, url in databases(at).items()}
    topic = asyncio.run(_on_topic(at))
    counts["people-keys"] = Counter(by or "destroyed" for by in topic.masters.values())
    waiting = topic.older.total()
    masters = at.masters().ids
    if as_json:
        known = {"masters": masters, "held": counts}
        write_json(known | {"waiting_for_compaction": waiting, "strangers": topic.strangers})
        return
    kinds = sorted({kind for one in counts.values() for kind in one}, key=lambda kind: (kind == "destroyed", kind))
    print_table(("Held by", *kinds), [(name, *(count[kind] for kind in kinds)) for name, count in counts.items()])
    console.print(f"Master keys known here: {', '.join(masters)}; the first wraps.", highlight=False)
    console.print(f"{waiting:,} keys that were replaced or destroyed wait on Kafka's disk for compaction.")
    if topic.strangers:
        console.print(f"{topic.strangers:,} records on people-keys are no person's: somebody else wrote them.")


async def _on_topic(at: Installation) -> TopicKeys:
    async with TopicKeys(at.cluster) as topic:
        await topic.read()
    return topic


@app.command()
def rotate(
    data: Data = None,
    to: Annotated[Path | None, typer.Option(help="A file that holds the new master key; else one is made.")] = None,
) -> None:
    """Wrap every key by a new master key while all runs; the earlier one is refused afterwards.

    Interrupted, it is finished by running it again.
    """
    at = installation(data)
    asyncio.run(_rotate(at, _given(to) if to else None, databases(at)))


def _given(file: Path) -> bytes:
    try:
        (key,) = parse(file.read_text())
    except (OSError, MasterKeyNotValid, ValueError) as error:
        raise Refused(f"{file} does not hold one master key of 64 hexadecimal digits.") from error
    return key


async def _rotate(at: Installation, given: bytes | None, urls: dict[str, str]) -> None:
    file = at.master_key_file
    begun = at.masters().ids
    if given and len(begun) > 1 and id_of(given).hex() != begun[0]:
        raise Refused(
            f"A rotation to master key {begun[0]} was begun, and this is another key. Finish that first, without --to;"
            " then rotate to this one."
        )
    if file is None and len(begun) < 2:
        raise Refused(
            "The master key stands in RECOURSE_MASTER_KEY, which no command can change. Put the new key in front of it"
            " there, with a space between, restart every service, and run this again."
        )
    await rotation.unfence(urls)
    if file is not None and not rotation.put_in_front(file, given or secrets.token_bytes(32)):
        raise Refused(f"{file} cannot be written. Write the new key in front of the other, and run this again.")
    await rotation.rewrap(urls, at.cluster, at.masters())
    left = file is not None and rotation.leave_first(file)
    await rotation.unfence(urls)
    await rotation.wipe(urls)
    console.print(f"All keys are wrapped by master key {at.masters().id}.", highlight=False)
    if not left:
        console.print(
            f"Take the earlier key out of {file or 'RECOURSE_MASTER_KEY'}"
            f"{'' if file else ' and restart every service'}.",
            highlight=False,
        )
