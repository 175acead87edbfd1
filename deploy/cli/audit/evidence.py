"""`recourse audit`: the log sealed, evidence handed out, and evidence checked."""

import json
import smtplib
import sys
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from typer.core import TyperCommand

from deploy.cli.clients import ask
from deploy.cli.console import Data, Json, address, console, errors, fail, installation, new_file
from deploy.installation import Installation
from services.reporting.audit import check as checker
from services.reporting.audit.check import Refused

app = typer.Typer()
OUTPUT = typer.Option("--output", "-o", help="The file to write; none is written over.", callback=new_file)
Output = Annotated[Path | None, OUTPUT]
Keys = Annotated[list[str], typer.Option("--key", help="A verifier key, or a file that holds it; may be repeated.")]


@app.command()
def key(data: Data = None) -> None:
    """Print the key that checkpoints are checked with. Hand it over once, and not with the evidence."""
    sys.stdout.write(_ask(installation(data), "GET", "key")["key"] + "\n")


@app.command()
def checkpoint(
    output: Output = None,
    mail: Annotated[list[str], typer.Option(help="Mail it to this address; may be repeated.")] = [],  # noqa: B006
    data: Data = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Seal the log now, and print the signed checkpoint: keep it where nobody of this installation can change it."""
    at, mail = installation(data), [address(one) for one in mail]
    with errors.status("Sealing the log"):
        made = _ask(at, "POST", "checkpoints")
    if output:
        output.write_text(made["note"], "utf-8")
    for recipient in mail:
        _mail(at, recipient, made)
        errors.print(f"Mailed to {recipient}.", highlight=False, markup=False, soft_wrap=True)
    sys.stdout.write(json.dumps(made) + "\n" if as_json else made["note"])


@app.command()
def bundle(
    complaint: Annotated[UUID, typer.Argument(help="The complaint's id, as its audit trail shows it.")],
    output: Annotated[Path, OUTPUT],
    opened: Annotated[bool, typer.Option("--open", help="The words of sealed fields too: stated, not proved.")] = False,
    data: Data = None,
) -> None:  # fmt: skip
    """Write the evidence of one complaint: its events byte for byte, proved to be in the sealed log."""
    at = installation(data)
    with errors.status("Collecting the events and their proofs"):
        document = _ask(at, "POST", f"{complaint}/evidence", params={"opened": str(opened).lower()})
    output.touch(mode=0o600)
    output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    console.print(f"{output} has {len(document['records'])} events. Whoever gets it checks it with:")
    console.print(f"  recourse audit check {output} --key {document['key']}", soft_wrap=True, highlight=False)


class Checking(TyperCommand):
    """Words that are not understood end it with 1, as those of the checker do: 2 says that all fits together."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as why:
            why.exit_code = 1
            raise


@app.command(cls=Checking)
def check(
    file: Annotated[Path, typer.Argument(help="A bundle, a proof of growth, or a checkpoint.")],
    key: Keys = [],  # noqa: B006
    checkpoint: Annotated[Path | None, typer.Option(help="One that you keep: the file must rest on it.")] = None,
) -> None:  # fmt: skip
    """Check evidence, with nothing of this installation. Ends with 1 where it is refused, 2 where no key was given."""
    words = [f"--key={one}" for one in key] + ([f"--checkpoint={checkpoint}"] if checkpoint else [])
    raise typer.Exit(checker.main([*words, "--", str(file)]))


@app.command("checker")
def write_checker(output: Annotated[Path, OUTPUT]) -> None:
    """Write the checker: one Python file that needs nothing but `cryptography`."""
    output.write_bytes(Path(str(checker.__file__)).read_bytes())


@app.command()
def consistency(
    old: Annotated[str, typer.Argument(help="The earlier checkpoint: its number, or a file that was kept.")],
    new: Annotated[str, typer.Argument(help="The later one.")],
    output: Output = None,
    key: Keys = [],  # noqa: B006
    data: Data = None,
) -> None:  # fmt: skip
    """Prove that the log only grew from one checkpoint to another. Ends with 2 where no key was given."""
    at = installation(data)
    keys = [_text(Path(one)) if Path(one).is_file() else one for one in key]
    notes = {"old": _note(at, old), "new": _note(at, new)}
    document = _ask(at, "POST", "growth", json=notes)
    if notes != {name: document.get(name) for name in notes}:
        raise fail("The service answered about other checkpoints than it was asked about.")
    if output:
        output.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    try:
        said = checker.check(json.dumps(document), keys)
    except Refused as why:
        raise fail(checker.plain(str(why))) from None
    sys.stdout.write("".join(f"{checker.plain(sentence)}\n" for sentence in said))
    raise typer.Exit(0 if keys else 2)


def _note(at: Installation, named: str) -> str:
    if named.isdecimal():
        return str(_ask(at, "GET", f"checkpoints/{named}")["note"])
    if not Path(named).is_file():
        raise fail(f"{named} is neither the number of a checkpoint nor a file.")
    return _text(Path(named))


def _text(file: Path) -> str:
    return file.read_text("utf-8-sig", errors="replace")


def _ask(at: Installation, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Of the reporting service, which has the key and the log."""
    found: dict[str, Any] = ask(at, "recourse audit", method, f"audit/{path}", **more)
    return found


def _mail(at: Installation, recipient: str, made: dict[str, Any]) -> None:
    """Attached as well, as mail systems may wrap the lines of a text."""
    letter, origin = EmailMessage(), made["note"].partition("\n")[0]
    host = origin.partition(":")[0]
    letter["From"], letter["To"] = f"Recourse <audit@{host}>", recipient
    letter["Subject"] = f"Checkpoint {made['number']} of {origin}"
    letter["Date"], letter["Message-ID"] = format_datetime(localtime()), make_msgid(domain=host)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(made["note"])
    letter.add_attachment(made["note"], filename=f"checkpoint-{made['number']}.txt")
    try:
        with smtplib.SMTP(at.smtp, timeout=30) as smtp:
            smtp.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        raise fail(f"The checkpoint was sealed, and not mailed to {recipient} ({type(error).__name__}).") from None
