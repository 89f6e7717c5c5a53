"""Money that nobody takes: stale, written about, claimed, handed to the State. Whole stories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import NOW, TODAY, view
from tests.journeys.settling_town import JULY, ONE, Settling, begin
from tests.journeys.test_reconcile_bank import statement
from tests.stores.paper_town import ANALYST

from meterledger.facts.settlements import Act
from meterledger.rulebook.book import TariffBook
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.bank_by_hand import undo_match
from meterledger.usecases.ports import Conflict
from meterledger.usecases.reconcile_bank import match_bank, take_bank_file
from meterledger.usecases.refund_credit import refunds_to_send, send_refund, stop_refund
from meterledger.usecases.refund_left import HasLeft
from meterledger.usecases.settlements import CannotSettle
from meterledger.usecases.unclaimed import (
    claim,
    hand_over,
    note_letter,
    report_unclaimed,
    set_stale_apart,
    unclaimed_money,
)


@pytest.fixture(scope="module")
def book(first_book: Any) -> TariffBook:
    found: TariffBook = first_book
    return found


@pytest.fixture
def town(book: TariffBook) -> Iterator[Settling]:
    """Account 1 has ended; account 3 is of the same person, account 2 of another; all are there."""
    made = Settling(MemoryStore(), book)
    with made.store.viewing(ANALYST, ["all"]):
        begin(made.store)
        yield made


class TestUnclaimedMoney:
    def sent(self, town: Settling, cents: int, on: date) -> str:
        town.pay(ONE, cents, f"K-{cents}")
        name = town.refund(cents, on=on).settlement_id
        send_refund(name, by="Cleo", reference=f"C-{cents}", desk=town.desk(on))
        return name

    def test_is_what_nobody_cashed(self, town: Settling) -> None:
        name = self.sent(town, 60_00, JULY)

        early = set_stale_apart(by="a run", desk=town.desk(JULY + timedelta(days=180)))
        (late,) = set_stale_apart(by="a run", desk=town.desk(JULY + timedelta(days=181)))

        assert early == []
        assert [one.act for one in late.steps[-2:]] == [Act.STOPPED, Act.UNCLAIMED]
        assert town.store.trial_balance()["242.unclaimed"] == -60_00
        assert late.settlement_id == name

    def test_is_nothing_that_the_bank_has_paid(self, town: Settling) -> None:
        """Its line is matched: the money is with its owner, whatever nobody told us of it."""
        name = self.sent(town, 60_00, JULY)
        file = statement(("-60.00", "C-6000"), day=JULY + timedelta(days=1))
        take_bank_file(file, today=TODAY, store=town.store)
        (match,) = match_bank(on=TODAY, learned_at=NOW, view=view(), store=town.store).matches
        assert name in match.expectations[0].expectation_id

        later = JULY + timedelta(days=300)
        assert set_stale_apart(by="a run", desk=town.desk(later)) == []
        with pytest.raises(HasLeft, match="the bank's line is matched") as no:
            stop_refund(name, by="Cleo", reason="lost", desk=town.desk(later))
        assert f"`meterledger bank unmatch {match.match_id}`" in no.value.do
        assert town.store.trial_balance()["131"] == 0

        undo_match(
            match_id=match.match_id,
            by="Ben",
            reason="it was another check",
            learned_at=NOW,
            today=TODAY,
            store=town.store,
        )
        (late,) = set_stale_apart(by="a run", desk=town.desk(later))
        assert late.settlement_id == name

    def test_is_claimed_before_it_is_handed_over(self, town: Settling) -> None:
        name = self.sent(town, 60_00, JULY)
        later = JULY + timedelta(days=200)
        set_stale_apart(by="a run", desk=town.desk(later))

        claim(name, by="Dana", reason="the owner called", desk=town.desk(later))

        assert [one.settlement_id for one in refunds_to_send(town.desk(later))] == [name]
        assert town.store.trial_balance()["232.refunds"] == -60_00

    def test_is_handed_to_the_state_by_owner_after_a_letter(self, town: Settling) -> None:
        large, small = self.sent(town, 60_00, JULY), self.sent(town, 9_00, JULY)
        set_stale_apart(by="a run", desk=town.desk(date(2026, 2, 1)))
        last, over = date(2031, 6, 30), date(2031, 7, 1)
        (one, _) = unclaimed_money(town.desk(last))
        assert (one.cutoff, one.due) == (date(2031, 6, 30), False)
        with pytest.raises(CannotSettle, match=f"The owner of {large} was not written to"):
            report_unclaimed(town.desk(over))
        noted = note_letter(large, by="Dana", reference="L-1", desk=town.desk(last))
        again = note_letter(large, by="Dana", reference="L-1", desk=town.desk(last))
        assert (noted.is_new, again.is_new, again.case) == (True, False, noted.case)

        report = report_unclaimed(town.desk(over))
        with pytest.raises(CannotSettle, match=r"Ana has asked for .* and cannot hand it over"):
            hand_over(report, by="Ana", reason="filed", reference="W-1", desk=town.desk(over))
        done = hand_over(report, by="Ben", reason="filed", reference="W-1", desk=town.desk(over))

        assert report.rows[1] == (
            *("Ana Rivera 1", "1 Elm Street, University City, MO 63130", ONE, large),
            *("60.00", "2025-07-01"),
        )
        assert report.rows[2] == ("small sums together", "", "", "1", "9.00", "")
        assert report.total_cents == 69_00
        assert {one.settlement_id for one in done.cases} == {large, small}
        assert town.store.trial_balance()["242.unclaimed"] == 0
        assert report_unclaimed(town.desk(over)).cases == ()

    def test_that_was_claimed_meanwhile_is_not_handed_over(self, town: Settling) -> None:
        self.sent(town, 9_00, JULY)
        name = self.sent(town, 8_00, JULY)
        set_stale_apart(by="a run", desk=town.desk(date(2026, 2, 1)))
        over = date(2031, 7, 1)
        report = report_unclaimed(town.desk(over))
        claim(name, by="Dana", reason="the owner called", desk=town.desk(over))

        with pytest.raises(Conflict, match="Somebody was faster: it is claimed now"):
            hand_over(report, by="Ben", reason="filed", reference="W-1", desk=town.desk(over))

        assert town.store.trial_balance()["242.unclaimed"] == -9_00

    def test_that_grew_stale_again_needs_another_letter(self, town: Settling) -> None:
        name = self.sent(town, 60_00, JULY)
        set_stale_apart(by="a run", desk=town.desk(date(2026, 2, 1)))
        note_letter(name, by="Dana", reference="L-1", desk=town.desk(date(2026, 2, 2)))
        claim(name, by="Dana", reason="the owner called", desk=town.desk(date(2026, 3, 1)))
        send_refund(name, by="Cleo", reference="C-2", desk=town.desk(date(2026, 3, 2)))
        set_stale_apart(by="a run", desk=town.desk(date(2026, 12, 1)))
        over = date(2031, 7, 1)

        with pytest.raises(CannotSettle, match=f"The owner of {name} was not written to"):
            report_unclaimed(town.desk(over))

        note_letter(name, by="Dana", reference="L-2", desk=town.desk(over))
        assert report_unclaimed(town.desk(over)).total_cents == 60_00
