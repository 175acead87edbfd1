"""Errors that end a command, each as a sentence for the operator."""

import logging
import os

import httpx
import psycopg
from aiokafka.errors import KafkaError

from deploy.cli.console import Refused, fail
from deploy.embedded.process import EmbeddedServerError
from deploy.installation import NAMED, NotRunning
from shared.events.unsealing import MasterKeyNotValid
from shared.features.config import ConfigNotValid
from shared.kafka.chain import GapFound
from shared.keys.master_keys import WrongMasterKey
from shared.projections.rebuild import LogCutShort

SENTENCES = (
    ConfigNotValid, EmbeddedServerError, GapFound, LogCutShort, MasterKeyNotValid, NotRunning, Refused, WrongMasterKey
)  # fmt: skip
"""They say what is wrong in words of their own."""


def told(error: Exception) -> bool:
    """True if there was a sentence for it."""
    if said := _sentence(error):
        fail(said)
    return bool(said)


def _sentence(error: Exception) -> str | None:
    if isinstance(error, SENTENCES):
        return str(error)
    if isinstance(error, httpx.TransportError):
        return _unanswered("Recourse", error.request.url.netloc.decode(), "RECOURSE_URL", type(error).__name__)
    if isinstance(error, KafkaError):
        return _unanswered("Kafka", os.environ.get("RECOURSE_KAFKA"), "RECOURSE_KAFKA", type(error).__name__)
    if isinstance(error, psycopg.OperationalError):  # its first line has the address, without the password
        return _unanswered("PostgreSQL", None, "RECOURSE_POSTGRES", str(error).partition("\n")[0])
    if isinstance(error, OSError):
        where = f"{error.filename} cannot be used: {error.strerror}" if error.filename else str(error)
        return f"{where}. Name another, or see to it that you may use it."
    return None


def _unanswered(server: str, where: str | None, variable: str, why: str) -> str:
    """The server and where it was looked for: as a variable says, if the environment names the installation."""
    logging.disable()  # clients that are dropped before they were open say so
    named = os.environ.get(variable) or all(map(os.environ.get, NAMED))
    remedy = (
        f"Is {variable} right, and does it run?" if named else "Is the installation running? `recourse up` starts it."
    )
    return f"{server}{f' at {where}' if where else ''} did not answer ({why}). {remedy}"
