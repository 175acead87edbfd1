"""Settings of reporting: the checkpoints that it signs."""

from pydantic import Field

from shared.service.settings import Amount, Settings, hidden


class ReportingSettings(Settings):
    """The section of reporting. Without a key nothing is sealed."""

    seal_key: str | None = hidden(None, "64 hexadecimal digits that sign checkpoints", pattern="^[0-9a-fA-F]{64}$")
    seal_every: Amount = Field(3600, description="seconds between checkpoints")
