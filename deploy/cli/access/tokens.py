"""`recourse token`: tokens for machines, which every service hears of by the topic `access`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.cli.console import Data, Json, console, fail, installation, plain, write_json
from deploy.installation import Installation
from shared.kafka.topics import create_topics
from shared.security.permissions import STAFF, actions_of
from shared.security.revocations import Access
from shared.security.signing import Signer
from shared.security.tokens import Token, actor, digest, new_secret

app = typer.Typer(no_args_is_help=True, help="Tokens for machines.")


@asynccontextmanager
async def access_to(at: Installation) -> AsyncIterator[Access]:
    """Tokens and sessions that are valid now, by the topic."""
    await create_topics(at.cluster)
    access = Access(at.cluster, Signer(at.secret))
    await access.start()
    try:
        yield access
    finally:
        await access.stop()


@app.command("create")
def token_create(
    role: Annotated[str, typer.Option(help="What it may do, for example machine.")] = "machine",
    name: Annotated[str, typer.Option(help="Shown in the audit trail.", callback=plain)] = "integration",
    scope: Annotated[list[str] | None, typer.Option(help="The only actions it may do; repeat it for several.")] = None,
    days: Annotated[int, typer.Option(min=0, max=36_500, help="How long it works; 0 is until it is revoked.")] = 365,
    data: Data = None,
) -> None:
    """Make a token for `Authorization: Bearer ...`. It is shown once and kept nowhere."""
    if role not in STAFF | {"machine"}:
        raise fail(f"There is no role called {role}. There are: machine, {', '.join(sorted(STAFF))}")
    if unknown := set(scope or ()) - actions_of(role):
        raise fail(f"{role} may not {', '.join(sorted(unknown))}. It may: {', '.join(sorted(actions_of(role)))}")
    secret, now = new_secret(), datetime.now(UTC)
    token = Token(
        name=name, role=role, scopes=frozenset(scope) if scope else None, created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )  # fmt: skip

    async def keep() -> None:
        async with access_to(installation(data)) as access:
            await access.keep_token(digest(secret), token)

    asyncio.run(keep())
    sys.stdout.write(secret + "\n")


@app.command("list")
def token_list(data: Data = None, as_json: Json = False) -> None:
    """Every token: what it may, until when it works, and when it was last used."""

    async def read() -> Access:
        async with access_to(installation(data)) as access:
            return access

    access, now = asyncio.run(read()), datetime.now(UTC)
    found = [
        token.model_dump(mode="json")
        | {
            "id": actor(known_by), "works": token.works(now.timestamp()), "scopes": sorted(token.scopes or ()),
            "last_used_at": _instant(access.used.get(known_by)),
        }
        for known_by, token in sorted(access.tokens.items(), key=lambda item: item[1].created_at)
    ]  # fmt: skip
    if as_json:
        write_json(found)
        return
    rest = ("Name", "Role", "Scopes", "Made", "Last used", "Works until")
    table = Table(Column("Token", no_wrap=True), *(Column(name, overflow="fold") for name in rest), box=None)
    for one in found:
        until = (one["expires_at"] or "it is revoked")[:16] if one["works"] else "no longer"
        times = [(one[key] or "never")[:16] for key in ("created_at", "last_used_at")]
        table.add_row(one["id"], one["name"], one["role"], " ".join(one["scopes"]) or "all", *times, until)
    console.print(table)


@app.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(help="As `recourse token list` names it, or the token itself.")],
    data: Data = None,
) -> None:
    """It works no more: every service hears of it within moments."""

    async def revoke() -> None:
        async with access_to(installation(data)) as access:
            found = {actor(known_by): known_by for known_by in access.tokens}.get(token, digest(token))
            if found not in access.tokens:
                raise fail("There is no such token. `recourse token list` shows those that there are.")
            await access.revoke_token(found)
            console.print(f"Revoked {actor(found)}.")

    asyncio.run(revoke())


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
