"""`recourse secrets` and `recourse prepare`: what must be there before services start on servers of their own."""

import asyncio
import secrets as random
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg.sql import SQL, Identifier, Literal

from deploy.cli.console import console, installation
from deploy.embedded.databases import create_database
from deploy.installation import once, seed
from deploy.services import SERVICES
from shared.kafka.topics import create_topics

app = typer.Typer()


@app.command("secrets")
def make_secrets(
    folder: Annotated[Path, typer.Argument(help="Where the files are kept; nobody else should be let into it.")],
) -> None:
    """Make the secret files that containers are given; what is there already is kept."""
    seed(folder)
    for role in ("postgres", *SERVICES):
        once(folder / _password_of(role), random.token_hex(24))
    for path in folder.iterdir():
        path.chmod(0o444)  # each container has its own user; what keeps others out is the folder


@app.command()
def prepare(
    passwords: Annotated[Path, typer.Option(help="Holds the password of each service's role.")] = Path("/run/secrets"),
) -> None:
    """Make the topics, and for each service a role and a database that it alone may use.

    May be run again.
    """
    at = installation(None)
    asyncio.run(create_topics(at.cluster))
    for service in SERVICES:
        name = f"recourse_{service}"
        with psycopg.connect(at.postgres, autocommit=True) as server:
            _make_role(server, name, (passwords / _password_of(service)).read_text())
            url = create_database(at.postgres, name)
            _hand_over(server, name)
            _allow_cutting_the_log(server, name, url)
    console.print("Topics, roles and databases are there.")


def _password_of(role: str) -> str:
    return role if role == "postgres" else f"postgres-{role}"


def _make_role(server: psycopg.Connection[Any], name: str, password: str) -> None:
    """The server is sent the password's verifier, so that no log of statements holds the password."""
    verifier = server.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    if not server.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
        server.execute(SQL("create role {}").format(Identifier(name)))
    server.execute(SQL("alter role {} login password {}").format(Identifier(name), Literal(verifier)))


def _hand_over(server: psycopg.Connection[Any], name: str) -> None:
    """The database belongs to its role and is closed to others; whoever administers it acts as that role there."""
    database = role = Identifier(name)
    server.execute(SQL("alter database {} owner to {}").format(database, role))
    server.execute(SQL("revoke all on database {} from public").format(database))
    server.execute(SQL("alter role current_user in database {} set role to {}").format(database, role))


def _allow_cutting_the_log(server: psycopg.Connection[Any], name: str, url: str) -> None:
    """After an erasure a service ends the log that the words are in, once nobody sees the old rows any more."""
    for right in ("pg_checkpoint", "pg_read_all_stats"):
        server.execute(SQL("grant {} to {}").format(Identifier(right), Identifier(name)))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set role none")
        conn.execute(SQL("grant execute on function pg_switch_wal() to {}").format(Identifier(name)))
