"""`recourse audit`: is the log what was written?"""

import typer

app = typer.Typer(no_args_is_help=True, help="Prove that the log is what was written.")


@app.callback()
def audit() -> None:
    """Prove that the log is what was written."""
