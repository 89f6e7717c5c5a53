"""The deferred pay date of retired and disabled customers, in the tariff to 2018-04-11."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.rooms.rulebook_on import ruling_on

from meterledger.billing.deferred_pay_date import (
    PAY_DATE,
    PAY_DATE_KEPT,
    Kept,
    KeptFacts,
    PayDate,
    PayDateFacts,
    PayDateFactsContradict,
    PaymentReceived,
)
from meterledger.kernel.money import Cents
from meterledger.rulebook.series import NoRuleInForce

TODAY, THE_END = date(2017, 3, 1), date(2018, 4, 12)
RETIRED = PayDateFacts(age=63, retired=True)


def pay_date(facts: PayDateFacts, today: date = TODAY, **readings: str) -> PayDate:
    named = {key.replace("__", "."): option for key, option in readings.items()}
    outcome = ruling_on(PAY_DATE, facts, today, readings=named or None).decision.outcome
    assert isinstance(outcome, PayDate)
    return outcome


class TestWhoQualifies:
    @pytest.mark.parametrize(
        ("facts", "qualifies"),
        [
            (PayDateFacts(age=61, retired=True), False),
            (PayDateFacts(age=62, retired=True), True),
            (PayDateFacts(age=62), False),
            (PayDateFacts(age=45, disabled=True, ssi=True), True),
            (PayDateFacts(disabled=True, ssi=True), True),  # at any age
            (PayDateFacts(age=45, disabled=True), False),
            (PayDateFacts(age=45, ssi=True), False),
            (PayDateFacts(birth_date=date(1955, 3, 1), retired=True), True),  # birthday today
            (PayDateFacts(birth_date=date(1955, 3, 2), retired=True), False),
            (replace(RETIRED, residential=False), False),
            (replace(RETIRED, never_applied=True), False),
        ],
    )
    def test_is_the_old_and_retired_or_disabled_with_ssi(
        self, facts: PayDateFacts, qualifies: bool
    ) -> None:
        assert pay_date(facts).qualifies is qualifies

    def test_counts_the_age_on_the_day_of_the_application(self) -> None:
        facts = PayDateFacts(
            birth_date=date(1955, 3, 1), retired=True, applied_on=date(2017, 2, 28)
        )
        assert not pay_date(facts).qualifies

    def test_is_not_decided_without_an_age(self) -> None:
        with pytest.raises(PayDateFactsContradict, match="must be 62 or older"):
            pay_date(PayDateFacts(retired=True))


class TestHowLate:
    @pytest.mark.parametrize(("days", "granted"), [(0, True), (21, True), (22, False)])
    def test_is_21_days_from_the_bill_date_at_most(self, days: int, granted: bool) -> None:
        wanted = TODAY + timedelta(days=days)
        outcome = pay_date(replace(RETIRED, bill_date=TODAY, wanted_due_date=wanted))

        assert outcome.latest_due_date == date(2017, 3, 22)
        assert outcome.due_date == (wanted if granted else None)

    def test_is_never_before_the_bill(self) -> None:
        facts = replace(RETIRED, bill_date=TODAY, wanted_due_date=date(2017, 2, 28))
        with pytest.raises(PayDateFactsContradict, match="cannot be due on 2017-02-28"):
            pay_date(facts)


class TestTheEnd:
    HAD_IT = PayDateFacts(age=70, retired=True, enrolled_before_end=True, bill_date=THE_END)

    def test_leaves_the_last_bill_before_it(self) -> None:
        last = replace(self.HAD_IT, bill_date=date(2018, 4, 11))
        assert pay_date(last, date(2018, 4, 11)).latest_due_date == date(2018, 5, 2)

    def test_is_judged_by_the_bill_date(self) -> None:
        last = replace(self.HAD_IT, bill_date=date(2018, 4, 11))
        assert pay_date(last, THE_END).available

    def test_takes_nobody_new_and_no_reading_is_needed_for_that(self) -> None:
        ruling = ruling_on(PAY_DATE, PayDateFacts(age=70, retired=True), THE_END)

        assert not ruling.decision.outcome.available
        assert ruling.reading_keys == ()

    def test_leaves_nobody_who_had_it(self) -> None:
        ruling = ruling_on(PAY_DATE, self.HAD_IT, THE_END)

        assert not ruling.decision.outcome.available
        assert ruling.reading_keys == ("due.deferred_pay_end",)

    def test_leaves_those_who_had_it_if_read_otherwise(self) -> None:
        outcome = pay_date(self.HAD_IT, THE_END, due__deferred_pay_end="grandfathered")
        assert outcome.latest_due_date == date(2018, 5, 3)


class TestTheConditionOfPayment:
    def kept(self, *payments: tuple[date, int]) -> Kept:
        facts = KeptFacts(
            Cents(100_00),
            date(2017, 3, 22),
            tuple(PaymentReceived(day, Cents(cents)) for day, cents in payments),
        )
        outcome = ruling_on(PAY_DATE_KEPT, facts, TODAY).decision.outcome
        assert isinstance(outcome, Kept)
        return outcome

    def test_is_the_whole_bill_by_the_extended_date(self) -> None:
        assert self.kept((date(2017, 3, 22), 100_00)) == Kept(True, Cents(0))
        assert self.kept((date(2017, 3, 22), 99_99)) == Kept(False, Cents(1))
        assert self.kept((date(2017, 3, 23), 100_00)) == Kept(False, Cents(100_00))

    def test_adds_up_what_came_in_time(self) -> None:
        paid = (date(2017, 3, 10), 60_00), (date(2017, 3, 22), 40_00)
        assert self.kept(*paid) == Kept(True, Cents(0))

    def test_is_gone_with_the_program(self) -> None:
        facts = KeptFacts(Cents(1), date(2018, 5, 3), ())
        with pytest.raises(NoRuleInForce, match="has left the tariff"):
            ruling_on(PAY_DATE_KEPT, facts, THE_END)
