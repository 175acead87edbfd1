"""The tables of a service that a backup keeps, and those that it leaves out and why. Each table is one or the other."""

import re
from typing import Any

import psycopg

from deploy.cli.console import Refused
from deploy.services import Service

KEPT = {
    "{service}_events": "what happened: all else follows from it",
    "keys": "each person's key, wrapped by the master key",
    "key_changes": "keys that are still to be sent",
    "relay_position": "how far the events are in Kafka",
    "relay_partitions": "the chain's value at the end of each partition",
    "answered": "what policies must still step over, where a recovery was cut short",
    "requests": "requests that were answered: sent again, they change nothing",
    "progress": "how far each policy has come; that of views goes with the views",
}
LEFT_OUT = {
    "views": "names the tables of views, which are rebuilt",
    "key_offsets": "offsets are hints: the keys' topic is read again from its beginning",
    "to_rewrite": "tables whose files an erasure has left something in: restored ones have new files",
    "tiles": "the tree over the chain values, which grows again from the log",
    "mailbox": "what the embedded mail server was handed, in plain words; the messages are events",
}
VIEWS_PROGRESS = r"consumer ~ '\.g[0-9]+$'"


def kept(service: Service, conn: psycopg.Connection[Any]) -> list[str]:
    """The tables that go into the backup. Views hold plain personal text and are left out.

    Raises `Refused`: a table that is in neither list would be lost without a word.
    """
    found = conn.execute("select tablename from pg_tables where schemaname = current_schema() order by 1")
    there = [row[0] for row in found]
    wanted = {name.format(service=service.name) for name in KEPT}
    folded = re.compile(rf"({'|'.join(re.escape(table.name) for view in service.views for table in view.tables)})_g\d+")
    if unknown := [name for name in there if name not in wanted | LEFT_OUT.keys() and not folded.fullmatch(name)]:
        raise Refused(
            f"The database of {service.name} has tables of which nobody has said whether a backup needs them:"
            f" {', '.join(unknown)}. Nothing was written. Add them to {__name__.replace('.', '/')}.py, or move them"
            " elsewhere."
        )
    return [name for name in there if name in wanted]
