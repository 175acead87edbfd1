"""Each aspect has its own owner, decision and redress; the handlers known are those who were given one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.cases.aspects import view as aspects
from services.cases.aspects.view import aspect_list
from tests.feeding import Feeder
from tests.scenarios import cases
from tests.scenarios.cases import (
    AT,
    INES,
    LOAN,
    NOT_UPHELD,
    SECOND,
    UPHELD,
    complaint_id,
    erased,
    folded,
    opened,
    person_id,
    primary_id,
    worked,
)


async def test_an_aspect_is_shown_as_it_was_decided_last(feeder: Feeder) -> None:
    rows = (await feeder.feed(aspect_list, *worked()))["aspects"]
    first, second = rows[primary_id(1)], rows[SECOND]
    assert (first["is_primary"], first["handler"], first["outcome"]) == (True, "ines@example.org", "withdrawn")
    assert (first["amount"], first["root_cause"], first["explanation"]) == (None, None, None)
    assert (second["is_primary"], second["product"], second["outcome"]) == (False, "Loan", "not-upheld")
    assert first["case_id"] == second["case_id"] == complaint_id(1)


async def test_redress_and_reason_are_kept_and_the_reason_goes_with_the_person(feeder: Feeder) -> None:
    events = opened(1)
    events += cases.resolve_aspect(folded(events), primary_id(1), UPHELD, INES)
    events += cases.raise_aspect(folded(events), SECOND, LOAN, "Also the loan.", INES)
    rows = (await feeder.feed(aspect_list, *events))["aspects"]
    assert (rows[primary_id(1)]["amount"], rows[primary_id(1)]["currency"]) == (Decimal("25.00"), "GBP")
    assert (rows[primary_id(1)]["explanation"], rows[SECOND]["summary"]) == ("We charged you twice.", "Also the loan.")
    rows = (await feeder.feed(aspect_list, erased(1)))["aspects"]
    assert (rows[primary_id(1)]["explanation"], rows[SECOND]["summary"]) == (None, None)
    assert (rows[primary_id(1)]["outcome"], rows[primary_id(1)]["person_id"]) == ("upheld", person_id(1))


async def test_a_correction_replaces_the_decision_and_not_its_time(feeder: Feeder) -> None:
    events = opened(1)
    events += cases.resolve_aspect(folded(events), primary_id(1), UPHELD, INES)
    later = replace(INES, at=INES.at + timedelta(days=1))
    events += cases.correct_decision(folded(events), primary_id(1), NOT_UPHELD, later)
    row = (await feeder.feed(aspect_list, *events))["aspects"][primary_id(1)]
    assert (row["outcome"], row["redress"], row["amount"], row["root_cause"]) == ("not-upheld", "none", None, None)
    assert (row["explanation"], row["person_id"]) == ("We did as agreed.", person_id(1))
    assert row["resolved_at"] == INES.at
    assert (await feeder.feed(aspect_list, erased(1)))["aspects"][primary_id(1)]["explanation"] is None


async def test_known_handlers_are_those_who_were_given_work(feeder: Feeder) -> None:
    events = opened(1)
    for handler in ("tom@example.org", "ines@example.org", None):
        events += cases.assign_aspect(folded(events), primary_id(1), handler, INES)
    rows = (await feeder.feed(aspect_list, *events))["handlers"]
    assert rows["tom@example.org"]["assigned_at"] == INES.at > AT
    assert [row[0] for row in await feeder.query("select account from handlers order by 1")] == sorted(rows)
    assert aspects.handlers.name == "handlers"
