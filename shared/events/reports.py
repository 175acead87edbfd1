"""Events of `reporting`: checkpoints of the log."""

from pydantic import Field

from shared.events.base import Event


class CheckpointSealed(Event):
    """The whole log up to here has one root, which is signed; checkpoint n is event n of the seal."""

    topic = "reports"
    type = "checkpoint.sealed"
    sentence = "Log sealed: checkpoint {originator_version} over {size} records"

    size: int = Field(ge=0, description="How many records of all topics it covers.")
    root: str = Field(description="SHA-256 root over all partitions, base64.")
    key: str = Field(description="The verifier key of the signature, as C2SP signed notes have it.")
    note: str = Field(description="The signed checkpoint itself: a C2SP signed note, to be kept outside.")
