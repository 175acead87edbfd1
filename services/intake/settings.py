"""Settings of intake: mail, and the links that customers follow."""

from pydantic import Field

from shared.service.settings import Amount, Settings


class IntakeSettings(Settings):
    """The section of intake."""

    smtp: str = Field("localhost:25", description="host:port that takes mail")
    link_days: Amount = Field(180, description="days for which a customer's link opens their complaint")
