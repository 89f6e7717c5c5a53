"""A final bill of a few cents and service that we bill too late are billed, and not charged."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from tests.journeys.deposit_town import APPLICANT, Home

from meterledger.billing import without_uncharged
from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.facts.deposits import DepositAct, DepositStep
from meterledger.facts.periods import PeriodClose
from meterledger.facts.statements import Statement
from meterledger.kernel.span import DaySpan
from meterledger.usecases import left_uncharged
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.finance_reports import revenue
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.rebill import rebill

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
KNOWN = datetime(2026, 12, 1, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)
CLAUSE = "Rule 13.020, in force 2019-08-28, bill each period"
FIRST_CLOSE = datetime(2025, 9, 10, tzinfo=UTC)


def bill(town: Any, on: date, known_at: datetime = KNOWN, wh: int = 100) -> Any:
    town.start(1, tax_place="university_city")
    town.read("M1", (JULY, AUGUST), lambda day, count: [wh] * count)
    (made,) = town.bill(1, on=on, known_at=known_at).issued
    return made


def stated(town: Any, stored: Any) -> Statement:
    return make_statement(
        stored,
        service=town.store.service_of_agreement(stored.agreement_id, stored.known_at),
        history=[stored],
        entries=(),
        view=town.book.as_known(stored.known_at.date()),
        beside=Beside(),
    )


class TestServiceBilledTooLate:
    def test_is_charged_up_to_the_day_before_twelve_months(self, town: Any) -> None:
        made = bill(town, date(2026, 7, 31))

        assert made.total_cents > 0
        assert [line for line in made.lines if line.unit == "adjustment"] == []
        said = [reason.finding for reason in made.reasons]
        assert "no late charge on what we delayed" in said
        assert "12 months to pay it: as long as the delay" in said
        assert town.replay(made.bill_id).same_bytes

    @pytest.mark.parametrize(("on", "late"), [(date(2025, 9, 5), False), (date(2025, 9, 6), True)])
    def test_says_from_the_thirty_sixth_day_on_that_it_is_late(
        self, town: Any, on: date, late: bool
    ) -> None:
        said = [reason.finding for reason in bill(town, on).reasons]

        assert ("no late charge on what we delayed" in said) is late

    @pytest.mark.parametrize(
        ("on", "months"),
        [
            (date(2025, 9, 5), None),
            (date(2025, 9, 6), "2 months"),
            (date(2026, 7, 31), "12 months"),
            (date(2026, 8, 1), None),  # nothing of it is charged
        ],
    )
    def test_says_first_over_how_long_it_may_be_paid(
        self, town: Any, on: date, months: str | None
    ) -> None:
        bill(town, on)
        (stored,) = town.store.bills_of_account(town.account_id(1))

        said = [one.sentence for one in stated(town, stored).marks]

        start = f"We sent this bill late. You may pay it over {months} or more, and no late charge"
        assert len(said) == (months is not None)
        assert all(one.startswith(start) and one.endswith(f"{CLAUSE}).") for one in said)

    def test_says_so_on_the_front_of_the_paper(self, town: Any) -> None:
        bill(town, date(2025, 9, 6))
        (stored,) = town.store.bills_of_account(town.account_id(1))

        front = PdfReader(io.BytesIO(compose(content_of(stated(town, stored))))).pages[0]

        assert "You may pay it over 2 months or more" in " ".join(front.extract_text().split())

    def test_says_no_such_thing_once_it_is_cancelled(self, town: Any) -> None:
        bill(town, date(2025, 9, 6))
        (stored,) = town.store.bills_of_account(town.account_id(1))
        cancelled = replace(stored, cancelled_by="B-2", cancelled_at=FOUND)

        assert [one.kind for one in stated(town, cancelled).marks] == ["cancelled"]

    def test_is_billed_and_not_charged_after_twelve_months(self, town: Any) -> None:
        made = bill(town, date(2026, 8, 1))

        assert made.total_cents == 0
        assert made.usage.energy_wh == 100 * 96 * 31
        charges, tax = [line for line in made.lines if line.unit == "adjustment"]
        assert charges.label == "Not charged"
        assert tax.label.endswith(": not charged")
        assert any("undercharge lookback" in one.text for one in charges.citations)
        assert made.reasons[0].finding.startswith("issued 365 days after its service")
        assert town.replay(made.bill_id).same_bytes
        assert town.store.balance_cents(town.account_id(1)) == 0

    def test_is_told_by_its_amount_alone(self, town: Any) -> None:
        """What is not charged is no quantity times a price, and a dollar of nothing is none."""
        bill(town, date(2026, 8, 1))
        (stored,) = town.store.bills_of_account(town.account_id(1))

        words = bill_words(stated(town, stored))

        lines = {line.label: line for group in words.groups for line in group.lines}
        for label in ("Not charged", "University City gross receipts tax: not charged"):
            assert (lines[label].quantity, lines[label].price) == ("", "")
            assert lines[label].amount.startswith("-$")
        assert lines["University City gross receipts tax"].price == "× 9/91"

    def test_that_is_a_credit_is_given_however_late(self, town: Any) -> None:
        """The limit is one of undercharges: what we owe the customer is no charge."""
        late = date(2026, 8, 1)
        made = bill(town, date(2026, 7, 31))
        credit = replace(made, lines=tuple(replace(line, cents=-line.cents) for line in made.lines))
        view = town.book.as_known(KNOWN.date())

        assert without_uncharged(credit, first_issued=late, view=view) == credit
        assert without_uncharged(made, first_issued=late, view=view).total_cents == 0

    def test_of_a_book_known_before_is_as_it_was(self, town: Any, towns: Any) -> None:
        made = bill(town, date(2026, 8, 1), known_at=towns.NOON)

        assert made.total_cents > 0
        assert town.replay(made.bill_id).same_bytes

    def test_is_no_delay_when_it_is_corrected_later(self, town: Any) -> None:
        made = bill(town, AUGUST)
        town.read("M1", (JULY, AUGUST), lambda day, count: [90] * count)

        (one,) = rebill(
            [made.bill_id],
            author="Ana",
            reason="read again",
            on=date(2026, 9, 20),
            known_at=FOUND,
            store=town.store,
            lake=town.lake,
            book=town.book,
        ).corrected

        assert one.adjusted
        assert one.bill.total_cents > 0
        assert town.replay(one.bill.bill_id).same_bytes
        now = now_of(town.store, known_at=FOUND, book=town.book, lake=town.lake)
        assert bills_to_correct(store=town.store, now=now)[1] == []


def hold_deposit(town: Any, *, paid: bool = True, ended: bool = False) -> None:
    """Account 1 is asked for 50 dollars on the day its service begins, and pays them, or not."""
    town.start(1, tax_place="university_city", from_day=date(2025, 7, 20))
    home = Home(town, 1, now=KNOWN - timedelta(hours=4))
    told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
    deposit = home.ask(date(2025, 7, 20), told=told, cents=50_00).deposit
    if paid:
        home.pay(50_00, date(2025, 7, 21))
    if ended:
        step = DepositStep(
            *(deposit.deposit_id, "back", DepositAct.GIVEN_BACK, date(2025, 7, 25), "Ana"),
            *("by hand", home.now),
            cents=50_00,
        )
        kind = deposit.kind
        work = DepositWork(deposit.deposit_id, deposit.account_id, kind, 1, (step,))
        town.store.record_deposits([work])


class TestAFinalBillOfAFewCents:
    @pytest.fixture
    def final(self, town: Any) -> Any:
        """Service for three days at the end of a month, with so many Wh a quarter-hour."""

        def make(wh: int, known_at: datetime = KNOWN, days: int = 3) -> Any:
            if not town.store._accounts:
                town.start(1, tax_place="university_city", from_day=date(2025, 7, 20))
            town.read("M1", (date(2025, 7, 20), AUGUST), lambda day, count: [wh] * count)
            (service,) = town.services(1)
            last = date(2025, 7, 20 + days)
            town.store.stop_service(service.agreement.agreement_id, last, known_at)
            (made,) = town.bill(1, on=AUGUST, known_at=known_at).issued
            return made

        return make

    def test_is_not_charged_below_a_dollar(self, town: Any, final: Any) -> None:
        made = final(1, days=1)

        assert made.kind.value == "final"
        assert made.total_cents == 0
        assert "is less than $1.00" in made.reasons[0].finding
        assert town.replay(made.bill_id).same_bytes
        (left,) = [
            -line.cents
            for line in made.lines
            if line.unit == "adjustment" and line.group.value != "tax"
        ]
        assert 0 < left < 100
        assert town.store.trial_balance() == {"440": -left, "144": left}
        assert town.store.balance_cents(made.account_id) == 0
        found = revenue(DaySpan(AUGUST, date(2025, 9, 1)), view=town.view, store=town.store)
        assert [one.as_json() for one in found.ties if not one.holds] == []

    @pytest.mark.parametrize("closed", [False, True])
    def test_that_is_corrected_is_written_off_no_longer(
        self, town: Any, final: Any, closed: bool
    ) -> None:
        """Also where its month was closed when it was issued, and it was booked later."""
        if closed:
            town.store.close_period(PeriodClose(AUGUST, "Ana", FIRST_CLOSE))
        made = final(1, days=1)
        town.read("M1", (date(2025, 7, 20), AUGUST), lambda day, count: [900] * count)

        (one,) = rebill(
            [made.bill_id],
            author="Ana",
            reason="read again",
            on=date(2025, 8, 20),
            known_at=FOUND,
            store=town.store,
            lake=town.lake,
            book=town.book,
            seen=["gate.band", "gate.jump"],
        ).corrected

        assert one.bill.total_cents > 100
        assert town.store.trial_balance().get("144", 0) == 0
        assert town.store.balance_cents(made.account_id) == one.bill.total_cents

    @pytest.mark.parametrize(
        ("paid", "ended", "charged"),
        [(True, False, True), (False, False, False), (True, True, False)],
    )
    def test_is_charged_where_a_deposit_goes_back_through_it(
        self, town: Any, final: Any, paid: bool, ended: bool, charged: bool
    ) -> None:
        """GRR V.E.2: only where one is held until then, and not where one was only asked for."""
        hold_deposit(town, paid=paid, ended=ended)

        made = final(1, days=1)

        assert (0 < made.total_cents < 100) == charged
        said = [one.finding for one in made.reasons[:2]]
        assert "is less than $1.00" in said[0]
        assert (said[1] == "and it is issued all the same, for a deposit refund") == charged
        assert town.replay(made.bill_id).same_bytes
        home = Home(town, 1, now=made.pins.known_at)
        home.night(AUGUST)
        assert town.replay(made.bill_id).same_bytes  # the deposit has ended by now
        now = now_of(town.store, known_at=home.now, book=town.book, lake=town.lake)
        assert bills_to_correct(store=town.store, now=now)[1] == []
        if charged:
            assert home.deposits()[0].state == "given back"
            assert town.store.balance_cents(home.account) == 0

    def test_is_not_charged_for_a_deposit_that_stays_with_the_account(self, town: Any) -> None:
        """A barn is left, the house goes on (decision 0028): no deposit goes back by its bill."""
        hold_deposit(town)
        barn = {"premise_id": "PR2", "service_point_id": "SP2", "meter_id": "M2"}
        start, left = date(2025, 7, 20), date(2025, 7, 21)
        town.start(1, tax_place="university_city", from_day=start, address="2 Elm", **barn)
        for meter, wh in (("M1", 300), ("M2", 1)):
            town.read(meter, (start, AUGUST), lambda _, count, wh=wh: [wh] * count)
        (name,) = (
            one.agreement.agreement_id
            for one in town.services(1)
            if one.agreement.service_point_id == "SP2"
        )
        town.store.stop_service(name, left, KNOWN - timedelta(hours=1))
        (made,) = (
            one
            for one in town.bill(1, on=AUGUST, known_at=KNOWN).issued
            if one.agreement_id == name
        )

        assert (made.kind.value, made.total_cents) == ("final", 0)
        assert not any("for a deposit refund" in one.finding for one in made.reasons)
        assert town.replay(made.bill_id).same_bytes
        home = Home(town, 1, now=made.pins.known_at)
        home.night(AUGUST)
        assert home.held() == 50_00

    def test_that_was_made_when_nobody_asked_for_deposits_is_as_it_was(
        self, town: Any, final: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hold_deposit(town)
        with monkeypatch.context() as before:
            before.setattr(left_uncharged, "deposits_through", lambda *_, **__: frozenset())
            made = final(1, days=1)

        assert made.total_cents == 0
        assert town.replay(made.bill_id).same_bytes

    def test_is_charged_from_a_dollar_on(self, final: Any) -> None:
        assert final(200).total_cents >= 100

    def test_of_a_book_known_before_is_as_it_was(self, final: Any, towns: Any) -> None:
        assert 0 < final(1, known_at=towns.LATER, days=1).total_cents < 100
