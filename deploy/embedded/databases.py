"""Databases by name on a PostgreSQL server, embedded or not."""

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import quote, urlencode

import psycopg
from psycopg import conninfo, sql


def url_of(parameters: Mapping[str, object], database: str) -> str:
    """A conninfo URL; parameters go into the query, where a socket's path is allowed too."""
    return f"postgresql:///{quote(database, safe='')}?{urlencode(dict(parameters), quote_via=quote, safe='')}"


def create_database(server: str, name: str) -> str:
    """Its conninfo URL, for a server given by URL or keywords; made if it is not there yet."""
    with psycopg.connect(server, autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if not known:
            # Another process may be quicker.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    parameters = {key: value for key, value in conninfo.conninfo_to_dict(server).items() if key != "dbname"}
    return url_of(parameters, name)
