"""Settings of a service: all that it is told from outside."""

from dataclasses import dataclass, field
from pathlib import Path

from shared.http.rate_limits import Limits
from shared.kafka.topics import Cluster
from shared.keys.master_keys import Masters
from shared.times import Window


@dataclass(frozen=True)
class Settings:
    """What a service is told from outside. Secrets come from the environment or files, never from code."""

    postgres: str
    kafka: Cluster
    master_key: Masters | bytes
    secret: str
    public_url: str = "http://localhost:8000"
    accounts: Path | None = None
    smtp: str = "localhost:25"
    embedded: bool = False
    seal_key: bytes | None = None
    seal_every: float = 3600
    id_secret: str = ""
    """What ids of mentions and of their authors follow from: it never changes; `secret` until that does."""
    limits: Limits = field(default_factory=Limits)
    session_idle: float = 3600.0
    session_longest: float = 12 * 3600.0
    link_days: float = 180.0
    most_bytes: int = 10_000_000
    purge_window: Window = field(default_factory=Window)

    @property
    def ids(self) -> str:
        return self.id_secret or self.secret

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https."""
        return self.public_url.startswith("https://")
