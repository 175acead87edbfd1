"""`recourse demo`: a year of invented history, through the public API alone."""

import typer

app = typer.Typer()
