"""What a case refuses, as facts: each sentence says what to do instead."""

from collections.abc import Iterable

from shared.problems import NotFound, RuleBroken, Unprocessable


class CaseAlreadyClosed(RuleBroken):
    """The case is closed. Reopen it first; only a note can be added as it is."""


class CaseNotClosed(RuleBroken):
    """The case is not closed, so it cannot be reopened. Work on it goes on."""


class AspectUnknown(NotFound):
    """The case has no such aspect. Load the case again."""


class AspectAlreadyResolved(RuleBroken):
    """The aspect is decided. To decide it anew, close the case and reopen it with the reason."""


class AspectEmpty(Unprocessable):
    """An aspect says what it is about. Give the product, what went wrong, or a few words of your own."""


class AspectNotClassified(RuleBroken):
    """Nobody has said yet what the aspect is about. Name its product and what went wrong, then decide."""


class AspectsStillOpen(RuleBroken):
    """A case closes when every aspect is decided."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"A case closes when every aspect is decided. Decide first: {'; '.join(names)}.")


class RootCauseMissing(Unprocessable):
    """What is upheld needs its root cause, so that it can be put right for others too. Choose one."""


class RootCauseUnknown(Unprocessable):
    """The root cause is not on the firm's list. Choose one that is."""


class SubjectIncomplete(Unprocessable):
    """A classification names the product and what went wrong. Give both."""


class AmountIncomplete(Unprocessable):
    """An amount needs its currency, and a currency its amount. Give both or neither."""


class AmountWithoutMoney(Unprocessable):
    """Only a refund or compensation has an amount. Choose one of them or leave the amount out."""


class MoneyWithoutAmount(Unprocessable):
    """A refund or compensation needs its amount, above zero. Give the amount and the currency."""


class CaseChangedMeanwhile(RuleBroken):
    """Somebody changed the case since you loaded it. Load it again, then decide."""

    status = 412
