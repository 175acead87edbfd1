"""Alerts: someone should look at the case now."""

from services.cases.case.state import Case
from shared.events import Event, Provenance
from shared.events.cases import AlertRaised


def raise_alert(case: Case, kind: str, reason: str, by: Provenance) -> list[Event]:
    """Once per kind while the case is open."""
    if case.closed or kind in case.alerts:
        return []
    return [AlertRaised(**by.after(case), kind=kind, reason=reason)]
