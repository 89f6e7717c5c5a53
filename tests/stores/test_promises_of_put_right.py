"""Facts of an agreement that are put right: believed since, with their bills or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from tests.stores.paper_town import (
    ANALYST,
    CORRECTED_AT,
    FIRST_DAY,
    account_id,
    agreement_of,
    bill_of,
    difference_left,
    month_of,
    rebill_of,
    start_of,
)

from meterledger.facts.corrections import PutRight, Rebill, WrongFact
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.stores.postgres.repository.corrections import CorrectionTables
from meterledger.usecases.ports import Conflict, NotFound, Store

BEFORE = CORRECTED_AT - timedelta(seconds=1)


def told(fact: WrongFact, was: str, is_now: str, number: int = 1) -> PutRight:
    name = agreement_of(number).agreement_id
    return PutRight(name, account_id(number), fact, was, is_now, "Ana", "typed", CORRECTED_AT)


SCHEDULE = told(WrongFact.SCHEDULE, "1M-anytime", "1M-smart")
CYCLE = told(WrongFact.CYCLE, "15", "9")
EARLIER, LATER_ON = date(2024, 12, 20), date(2025, 1, 11)


def first_day(day: date, was: date = FIRST_DAY) -> PutRight:
    return told(WrongFact.FIRST_DAY, was.isoformat(), day.isoformat())


def beginning(day: date) -> Rebill:
    """The first month's bill made again from another first day on."""
    one = rebill_of(1, 0)
    days = replace(month_of(0), from_day=day)
    lines = tuple(replace(line, days=days) for line in one.bill.lines)
    return replace(one, bill=replace(one.bill, days=days, lines=lines), put_right=first_day(day))


@pytest.fixture
def started(store: Store) -> Store:
    store.start_service(start_of(1))
    return store


class TestAlone:
    def test_is_believed_from_then_on_and_says_by_whom(self, started: Store) -> None:
        started.record_bills([bill_of(1, 0)])
        started.put_right(SCHEDULE, [difference_left()])
        with started.viewing(ANALYST, []):
            (now,) = started.services_of_account(account_id(1), CORRECTED_AT)
            (then,) = started.services_of_account(account_id(1), BEFORE)
            assert (then.agreement.schedule, now.agreement.schedule) == ("1M-anytime", "1M-smart")
            assert started.put_rights(account_id(1)) == [SCHEDULE]
            assert len(started.left_differences([account_id(1)])) == 1

    def test_a_cycle_moves_the_account_on_both_clocks(self, started: Store) -> None:
        started.record_bills([bill_of(1, 0)])
        started.put_right(CYCLE)
        with started.viewing(ANALYST, []):
            found = {
                (cycle, at): len(started.services_of_cycle(cycle, at))
                for cycle in (9, 15)
                for at in (BEFORE, CORRECTED_AT)
            }
            assert started.account(account_id(1)).cycle == 9
            issued = bill_of(1, 0)[0].issued_day
            made = [len(started.bills_issued(cycle, issued)) for cycle in (15, 9)]
            many = [
                len(started.issued_bills(cycle, issued, issued + timedelta(days=1)))
                for cycle in (15, 9)
            ]
        assert found == {
            (9, BEFORE): 0, (15, BEFORE): 1, (9, CORRECTED_AT): 1, (15, CORRECTED_AT): 0,
        }  # fmt: skip
        assert made == many == [0, 1]

    def test_a_service_says_which_cycles_its_account_had_before(self, started: Store) -> None:
        """A change of the rate option lay between two periods of the cycle of its time."""
        again = CORRECTED_AT + timedelta(hours=1)
        started.put_right(CYCLE)
        started.put_right(replace(CYCLE, was="9", is_now="3", learned_at=again))
        with started.viewing(ANALYST, []):
            told = [
                one.earlier_cycles
                for at in (BEFORE, CORRECTED_AT, again)
                for one in (
                    *started.services_of_account(account_id(1), at),
                    started.service_of_agreement(agreement_of(1).agreement_id, at),
                )
            ]
        assert told == [(), (), (15,), (15,), (15, 9), (15, 9)]

    def test_a_second_service_is_told_with_the_cycle_as_it_is(self, started: Store) -> None:
        started.put_right(CYCLE)
        account = start_of(1).account
        assert account is not None
        later = replace(agreement_of(1), agreement_id="AG-other", service_point_id="SP-2")
        again = replace(start_of(2), agreement=later, holders=(), persons=(), installation=None)
        with pytest.raises(Conflict, match="is known with other contents"):
            started.start_service(replace(again, account=account))
        started.start_service(replace(again, account=replace(account, cycle=9)))

    def test_an_earlier_first_day_begins_what_was_told_with_it(self, started: Store) -> None:
        started.put_right(first_day(EARLIER))
        with started.viewing(ANALYST, []):
            (now,) = started.services_of_account(account_id(1), CORRECTED_AT)
            (then,) = started.services_of_account(account_id(1), BEFORE)
            people = started.people_of_account(account_id(1), CORRECTED_AT)
        assert now.agreement.days.from_day == now.tax_places[0].days.from_day == EARLIER
        assert now.installations[0].days.from_day == people[0][2].from_day == EARLIER
        assert then.agreement.days.from_day == then.tax_places[0].days.from_day == FIRST_DAY

    def test_a_later_one_leaves_them(self, started: Store) -> None:
        started.put_right(first_day(LATER_ON))
        with started.viewing(ANALYST, []):
            (now,) = started.services_of_account(account_id(1), CORRECTED_AT)
        assert now.agreement.days.from_day == LATER_ON
        assert now.tax_places[0].days.from_day == FIRST_DAY

    def test_with_a_bill_to_leave_that_is_not_there_changes_nothing(self, started: Store) -> None:
        with pytest.raises(NotFound, match="no bill"):
            started.put_right(SCHEDULE, [difference_left()])
        with started.viewing(ANALYST, []):
            (now,) = started.services_of_account(account_id(1), CORRECTED_AT)
            assert started.put_rights(account_id(1)) == []
        assert now.agreement.schedule == "1M-anytime"

    def test_what_was_changed_meanwhile_changes_nothing(self, started: Store) -> None:
        for one in (
            replace(SCHEDULE, was="1M-overnight"),
            first_day(EARLIER, date(2025, 1, 2)),
            replace(CYCLE, was="3"),
        ):
            with pytest.raises(Conflict, match="it was changed meanwhile"):
                started.put_right(one)
        with pytest.raises(NotFound, match="There is no agreement"):
            started.put_right(replace(SCHEDULE, agreement_id="AG-none"))
        with started.viewing(ANALYST, []):
            assert started.put_rights(account_id(1)) == []

    def test_a_first_day_that_is_billed_is_refused(self, started: Store) -> None:
        started.record_bills([bill_of(1, 0)])
        with pytest.raises(Conflict, match="It is billed from 2025-01-01 on"):
            started.put_right(first_day(EARLIER))

    def test_days_of_another_customer_are_refused_whole(self, started: Store) -> None:
        other = replace(
            agreement_of(2, LATER_ON), service_point_id=agreement_of(1).service_point_id
        )
        started.stop_service(agreement_of(1).agreement_id, LATER_ON, CORRECTED_AT)
        started.start_service(
            replace(start_of(2), agreement=other, service_point=None, installation=None)
        )
        right = replace(
            told(WrongFact.FIRST_DAY, LATER_ON.isoformat(), "2025-01-10", 2),
            agreement_id=other.agreement_id,
        )
        with pytest.raises(Conflict, match="is taken already"):
            started.put_right(right)
        with started.viewing(ANALYST, []):
            assert started.put_rights(account_id(2)) == []


class TestWithItsBill:
    @pytest.mark.parametrize("day", [EARLIER, LATER_ON])
    def test_the_first_bill_begins_on_the_first_day(self, started: Store, day: date) -> None:
        started.record_bills([bill_of(1, 0), bill_of(1, 1)])
        one = beginning(day)
        assert started.record_rebills([one]) == {one.bill.bill_id}
        assert started.record_rebills([one]) == set()
        with started.viewing(ANALYST, []):
            (now,) = started.services_of_account(account_id(1), CORRECTED_AT)
            assert (
                started.bill(one.bill.bill_id).days.from_day == now.agreement.days.from_day == day
            )
            assert started.put_rights(account_id(1)) == [one.put_right]

    def test_on_other_days_than_it_says_changes_nothing(self, started: Store) -> None:
        started.record_bills([bill_of(1, 0), bill_of(1, 1)])
        one = replace(beginning(LATER_ON), put_right=first_day(date(2025, 1, 12)))
        with pytest.raises(Conflict):
            started.record_rebills([one])
        with started.viewing(ANALYST, []):
            assert started.bill(one.correction.cancelled_bill).cancelled_by is None
            assert started.put_rights(account_id(1)) == []

    def test_of_which_something_was_learned_since_changes_nothing(self, started: Store) -> None:
        started.record_bills([bill_of(1, 0), bill_of(1, 1)])
        at = bill_of(1, 1)[0].pins.known_at
        one = beginning(LATER_ON)
        late = replace(
            one,
            correction=replace(one.correction, learned_at=at),
            put_right=replace(first_day(LATER_ON), learned_at=at),
        )
        with pytest.raises(Conflict, match="was learned or billed since"):
            started.record_rebills([late])
        with started.viewing(ANALYST, []):
            (now,) = started.services_of_account(account_id(1), CORRECTED_AT)
        assert now.agreement.days.from_day == FIRST_DAY

    def test_of_two_the_second_of_which_is_refused_changes_nothing(self, started: Store) -> None:
        started.record_bills([bill_of(1, 0), bill_of(1, 1)])
        second = replace(rebill_of(1, 1), put_right=replace(SCHEDULE, was="1M-overnight"))
        with pytest.raises(Conflict, match="it was changed meanwhile"):
            started.record_rebills([beginning(LATER_ON), second])
        self.assert_nothing_changed(started)

    def test_with_an_end_of_the_service_that_is_refused_changes_nothing(
        self, started: Store
    ) -> None:
        """Both would be learned at the instant of the bill, of one agreement."""
        started.record_bills([bill_of(1, 0)])
        with pytest.raises(Conflict, match="was learned or billed since"):
            started.record_rebills([replace(beginning(LATER_ON), ends_service=True)])
        self.assert_nothing_changed(started)

    def assert_nothing_changed(self, store: Store) -> None:
        with store.viewing(ANALYST, []):
            (now,) = store.services_of_account(account_id(1), CORRECTED_AT)
            assert store.put_rights(account_id(1)) == []
            assert store.bill(bill_of(1, 0)[0].bill_id).cancelled_by is None
        assert now.agreement.days == agreement_of(1).days


@pytest.mark.postgres
def test_the_database_asks_for_the_fact_of_a_bill_on_other_days(
    postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.start_service(start_of(1))
    postgres.record_bills([bill_of(1, 0), bill_of(1, 1)])
    one = beginning(LATER_ON)
    with monkeypatch.context() as forgets:
        forgets.setattr(CorrectionTables, "_believe_right", lambda *_: None)
        with pytest.raises(psycopg.errors.CheckViolation, match="no correction says which bill"):
            postgres.record_rebills([one])
    postgres.record_rebills([one])
    with postgres.viewing(ANALYST, []):
        assert [said for _, _, said in verify_invariants(postgres) if said] == []
