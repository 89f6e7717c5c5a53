"""One question asked of three days: each answers with its own revision, years later too."""

from __future__ import annotations

from datetime import date

import pytest
from tests.rooms.rulebook_on import the_book

from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.rule_registry import rule_named


def decided(rule: str, facts: dict[str, object], day: date) -> Ruling:
    return decide(rule=rule_named(rule), facts=facts, day=day, view=the_book())


def clauses(ruling: Ruling) -> set[str]:
    return {reason.citation.text for reason in ruling.decision.reasons}


@pytest.mark.parametrize(
    ("day", "page"),
    [
        (date(2019, 3, 1), "Sheet 138, rev. 2, GRR V.M"),
        (date(2020, 5, 1), "Sheet 138, rev. 3, GRR V.M"),
        (date(2021, 6, 1), "Sheet 138, rev. 4, GRR V.M"),
        (date(2026, 7, 2), "Sheet 138, rev. 4, GRR V.M"),
    ],
)
def test_the_order_of_a_partial_payment_cites_the_revision_of_its_day(day: date, page: str) -> None:
    facts = {
        "payment_usd": "80.00",
        "current_utility_usd": "100.00",
        "current_deposit_usd": "40.00",
    }

    ruling = decided("partial.order", dict(facts), day)

    assert page in clauses(ruling)
    assert ruling.decision.outcome.current_utility_cents == 80_00


@pytest.mark.parametrize(
    ("day", "cents", "statute"),
    [
        (date(2019, 3, 1), 45_00, False),
        (date(2021, 6, 1), 45_00, False),
        (date(2026, 7, 2), 15_00, True),
    ],
)
def test_a_month_without_remote_reading_costs_what_its_day_allows(
    day: date, cents: int, statute: bool
) -> None:
    facts: dict[str, object] = {"requested": "2018-01-15", "meter": "traditional"}

    ruling = decided("opt_out.monthly_charge", facts, day)

    assert ruling.decision.outcome.monthly_charge_cents == cents
    assert any("386.820" in clause for clause in clauses(ruling)) is statute
    assert any("GRR IV.E" in clause for clause in clauses(ruling))


def test_a_due_date_could_not_be_chosen_before_it_was_offered() -> None:
    rule = rule_named("due.preferred.day")
    provision = the_book().provision(rule.provisions[0])
    first = provision.versions[0].days.from_day

    with pytest.raises(NoRuleInForce, match="is not in force on 2019-03-01"):
        the_book().clause(provision.id, date(2019, 3, 1))
    assert first == date(2019, 8, 24)
    assert the_book().clause(provision.id, date(2021, 6, 1)).citation.revision == "4"
