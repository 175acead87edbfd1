"""`recourse account`: the accounts of staff in the file that RECOURSE_ACCOUNTS names, and the end of their sessions."""

import asyncio
import secrets
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import tomli_w
import typer
from argon2 import PasswordHasher
from rich.table import Table

from deploy.cli.access.tokens import access_to
from deploy.cli.console import Data, address, console, fail, installation, plain
from deploy.files import replacing
from deploy.installation import Installation
from shared.security.permissions import STAFF

app = typer.Typer(no_args_is_help=True, help="Accounts of staff.")
Email = Annotated[
    str,
    typer.Argument(help="The address that the account signs in with.", callback=lambda given: given.strip().lower()),
]


@app.command("list")
def account_list(data: Data = None) -> None:
    """Every account with its role."""
    table = Table("Account", "Name", "Role", box=None)
    for email, entry in sorted(_read(installation(data))[1].items()):
        table.add_row(email, entry["name"], entry["role"])
    console.print(table)


@app.command("set")
def account_set(
    email: Email, role: Annotated[str | None, typer.Option(help="What they may do.")] = None,
    name: Annotated[str | None, typer.Option(help="Shown in the audit trail.", callback=plain)] = None,
    new_password: Annotated[bool, typer.Option("--new-password", help="Make one, and show it once.")] = False,
    data: Data = None,
) -> None:  # fmt: skip
    """Make an account or change it. Whoever is signed in with it signs in again."""
    at = installation(data)
    file, entries = _read(at)
    known = entries.get(address(email), {})
    entry = {"name": name or known.get("name"), "role": role or known.get("role"), "password": known.get("password")}
    if entry["role"] not in STAFF or not entry["name"]:
        raise fail(f"An account has a --name and a --role: {', '.join(sorted(STAFF))}.")
    made = secrets.token_urlsafe(12) if new_password or entry["password"] is None else None
    if made:
        entry["password"] = PasswordHasher().hash(made)
    _write(file, entries | {email: entry})
    if made:  # it opens something only now
        sys.stdout.write(made + "\n")
    _sign_out(at, email)


@app.command("remove")
def account_remove(email: Email, data: Data = None) -> None:
    """It signs in no more, and its sessions end."""
    at = installation(data)
    file, entries = _read(at, email)
    del entries[email]
    _write(file, entries)
    _sign_out(at, email)


@app.command("sign-out")
def account_sign_out(email: Email, data: Data = None) -> None:
    """End every session of the account, on every device and in every service."""
    at = installation(data)
    _read(at, email)
    _sign_out(at, email)


def _sign_out(at: Installation, email: str) -> None:
    async def end() -> None:
        async with access_to(at) as access:
            await access.end_sessions_of(email)

    asyncio.run(end())
    console.print(f"The sessions of {email} have ended.", highlight=False)


def _read(at: Installation, email: str | None = None) -> tuple[Path, dict[str, Any]]:
    """The file and what it holds, which is an account of that address, if one is given."""
    if at.accounts is None:
        raise fail("There is no file of accounts: set RECOURSE_ACCOUNTS.")
    entries = tomllib.loads(at.accounts.read_text()) if at.accounts.exists() else {}
    if email and email not in entries:
        raise fail("There is no such account. `recourse account list` shows those that there are.")
    return at.accounts, entries


def _write(file: Path, entries: dict[str, Any]) -> None:
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o600  # containers read it as users of their own
    with replacing(file, mode) as out:
        out.write(tomli_w.dumps(entries).encode())
