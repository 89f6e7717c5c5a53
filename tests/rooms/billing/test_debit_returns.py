"""What a returned debit leads to, by its code."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.rulebook_on import terms_on

from meterledger.billing import AfterReturn, DebitReturnFacts, decide_change, decide_return
from meterledger.facts.ach_orders import ReturnAct

FIRST = date(2025, 7, 22)


def after(code: str, *, attempt: int = 1, days: int = 2) -> AfterReturn:
    back = FIRST + timedelta(days=days)
    return decide_return(DebitReturnFacts(code, attempt, FIRST, back), terms_on(back)).outcome


@pytest.mark.parametrize("code", ["R05", "R07", "R10", "R11", "R29"])
def test_what_was_not_authorized_is_never_debited_again(code: str) -> None:
    assert after(code) == AfterReturn(ReturnAct.NEVER)


@pytest.mark.parametrize("code", ["R02", "R03", "R04", "R15", "R16", "R20"])
def test_an_account_that_is_none_is_stopped(code: str) -> None:
    assert after(code) == AfterReturn(ReturnAct.STOP)


@pytest.mark.parametrize("code", ["R01", "R09"])
def test_where_money_lacked_it_is_presented_again_after_some_days(code: str) -> None:
    assert after(code) == AfterReturn(ReturnAct.AGAIN, FIRST + timedelta(days=7))


@pytest.mark.parametrize(("attempt", "act"), [(2, ReturnAct.AGAIN), (3, ReturnAct.ASK)])
def test_it_is_presented_again_twice(attempt: int, act: ReturnAct) -> None:
    assert after("R01", attempt=attempt).act is act


@pytest.mark.parametrize(("days", "act"), [(175, ReturnAct.AGAIN), (176, ReturnAct.ASK)])
def test_it_is_presented_again_within_half_a_year(days: int, act: ReturnAct) -> None:
    assert after("R01", days=days).act is act


@pytest.mark.parametrize("code", ["R06", "R08", "R17", "R24", "R85", "R99"])
def test_every_other_code_asks_a_person(code: str) -> None:
    assert after(code) == AfterReturn(ReturnAct.ASK)


def test_a_reason_says_the_code_and_its_meaning() -> None:
    facts = DebitReturnFacts("R07", 1, FIRST, FIRST)
    (reason,) = decide_return(facts, terms_on(FIRST)).reasons
    assert reason.finding == ("R07 authorization revoked: the bank account is never debited again")
    facts = DebitReturnFacts("R99", 1, FIRST, FIRST)
    (reason,) = decide_return(facts, terms_on(FIRST)).reasons
    assert reason.finding.startswith("R99, a code without a known meaning")


@pytest.mark.parametrize(
    ("code", "act"), [("C01", ReturnAct.CHANGE), ("C02", ReturnAct.CHANGE), ("C04", ReturnAct.ASK)]
)
def test_a_change_of_where_the_money_is_stops_until_it_is_entered(
    code: str, act: ReturnAct
) -> None:
    assert decide_change(code, terms_on(FIRST)).outcome is act
