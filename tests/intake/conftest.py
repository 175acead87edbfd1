"""One running intake for the tests of its HTTP and pages."""

from tests.serving import service

intake = service("intake")
