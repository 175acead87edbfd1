"""One running surveys service."""

from tests.serving import service

surveys = service("surveys")
