"""Corrections: a bill is cancelled once, by a bill for its days; all of it or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.stores.paper_town import (
    ANALYST,
    CORRECTED_AT,
    account_id,
    bill_of,
    difference_left,
    month_of,
    rebill_of,
    start_of,
)

from meterledger.facts.corrections import CorrectedBill, PartEnded, Rebill, Withdrawal
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.ids import next_version
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store

MONTH = month_of(0)


@pytest.fixture
def billed(store: Store) -> Store:
    """One account, billed for two months."""
    store.start_service(start_of(1))
    store.record_bills([bill_of(1, 0), bill_of(1, 1)])
    return store


def ending(month: int, short_by: int) -> Rebill:
    """A month's bill made again as the last one of its agreement, shorter by some days."""
    one = rebill_of(1, month)
    whole = month_of(month)
    days = replace(whole, until_day=whole.until_day - timedelta(days=short_by))
    lines = tuple(replace(line, days=days) for line in one.bill.lines)
    return replace(one, bill=replace(one.bill, days=days, lines=lines), ends_service=True)


def past(one: Rebill, *months: int, **how: Any) -> Rebill:
    """The same, with later months' bills that leave nothing."""

    def gone(month: int) -> Withdrawal:
        other = rebill_of(1, month)
        told = replace(
            other.correction,
            corrected_bill=one.bill.bill_id,
            case_id=one.correction.case_id,
            leaves_nothing=True,
        )
        return Withdrawal(replace(told, **how), other.reversal)

    return replace(one, withdrawn=tuple(map(gone, months)))


def names(bills: list[Any]) -> list[str]:
    return [one.bill_id for one in bills]


class TestServiceThatEnded:
    @pytest.mark.parametrize("short_by", [0, 5])
    def test_ends_with_its_last_bill_which_goes_until_then(
        self, billed: Store, short_by: int
    ) -> None:
        one = ending(1, short_by)
        assert billed.record_rebills([one]) == {one.bill.bill_id}

        with billed.viewing(ANALYST, []):
            (service,) = billed.services_of_account(account_id(1), CORRECTED_AT)
            (before,) = billed.services_of_account(
                account_id(1), CORRECTED_AT - timedelta(seconds=1)
            )
            old, new = billed.bill(one.correction.cancelled_bill), billed.bill(one.bill.bill_id)
        assert service.agreement.days.until_day == one.bill.days.until_day == new.days.until_day
        assert service.billed_until == new.days.until_day
        assert before.agreement.days.until_day is None
        assert (old.cancelled_by, new.corrects) == (new.bill_id, old.bill_id)

    def test_done_twice_is_done_once(self, billed: Store) -> None:
        one = ending(1, 5)
        billed.record_rebills([one])
        assert billed.record_rebills([one]) == set()

    def test_with_another_bill_past_it_changes_nothing(self, billed: Store) -> None:
        one = ending(0, 5)
        with pytest.raises(Conflict, match="It is billed until"):
            billed.record_rebills([one])
        with billed.viewing(ANALYST, []):
            (service,) = billed.services_of_account(account_id(1), CORRECTED_AT)
            assert billed.bill(one.correction.cancelled_bill).cancelled_by is None
        assert service.agreement.days.until_day is None

    def test_of_which_something_was_learned_since_changes_nothing(self, billed: Store) -> None:
        one = ending(1, 5)
        late = replace(one.correction, learned_at=bill_of(1, 1)[0].pins.known_at)
        with pytest.raises(Conflict, match="was learned or billed since"):
            billed.record_rebills([replace(one, correction=late)])
        with billed.viewing(ANALYST, []):
            assert billed.bill(one.correction.cancelled_bill).cancelled_by is None


class TestAnotherAgreementThatEnded:
    """What it had of bills of several points: ``test_end_of_a_point_on_postgres``."""

    def told(self, agreement_id: str, *, days: int = 5) -> Rebill:
        one = rebill_of(1, 1)
        until = one.bill.days.until_day - timedelta(days=days)
        return replace(one, part_ended=PartEnded(agreement_id, until))

    def test_is_not_that_of_the_bill(self, billed: Store) -> None:
        one = self.told(bill_of(1, 1)[0].agreement_id)
        with pytest.raises(Conflict, match="is not for the service period"):
            billed.record_rebills([one])
        with billed.viewing(ANALYST, []):
            assert billed.bill(one.correction.cancelled_bill).cancelled_by is None

    def test_that_nobody_knows_changes_nothing(self, billed: Store) -> None:
        one = self.told("nobody's")
        with pytest.raises(NotFound, match="nobody's"):
            billed.record_rebills([one])
        with billed.viewing(ANALYST, []):
            assert billed.bill(one.correction.cancelled_bill).cancelled_by is None
            assert len(billed.bills_of_account(account_id(1))) == 2

    def test_ends_once_with_all_bills_that_it_was_on(self, billed: Store) -> None:
        billed.start_service(start_of(2))
        whose = bill_of(2, 0)[0].agreement_id
        until = month_of(0).until_day
        both = [
            replace(rebill_of(1, month), part_ended=PartEnded(whose, until)) for month in (0, 1)
        ]
        assert len(billed.record_rebills(both)) == 2
        assert billed.record_rebills(both) == set()
        with billed.viewing(ANALYST, []):
            (service,) = billed.services_of_account(account_id(2), CORRECTED_AT)
            (mine,) = billed.services_of_account(account_id(1), CORRECTED_AT)
        assert service.agreement.days.until_day == until
        assert mine.agreement.days.until_day is None

    def test_with_a_bill_of_its_own_too_ends_with_that(self, billed: Store) -> None:
        """The other's bill, which had days of it, comes first: it is ended once all the same."""
        billed.start_service(start_of(2))
        billed.record_bills([bill_of(2, 0), bill_of(2, 1)])
        own = replace(rebill_of(2, 1), ends_service=True)
        until = own.bill.days.until_day
        part = PartEnded(own.bill.agreement_id, until)
        both = [replace(rebill_of(1, 0), part_ended=part), own]
        assert len(billed.record_rebills(both)) == 2
        assert billed.record_rebills(both) == set()
        with billed.viewing(ANALYST, []):
            (service,) = billed.services_of_account(account_id(2), CORRECTED_AT)
            (mine,) = billed.services_of_account(account_id(1), CORRECTED_AT)
        assert service.agreement.days.until_day == until == service.billed_until
        assert mine.agreement.days.until_day is None


class TestBillsPastTheEnd:
    @pytest.fixture
    def three(self, billed: Store) -> Store:
        billed.record_bills([bill_of(1, 2)])
        return billed

    @pytest.mark.parametrize("short_by", [0, 5])
    def test_leave_nothing_and_give_their_days_free(self, three: Store, short_by: int) -> None:
        one = past(ending(0, short_by), 1, 2)
        assert three.record_rebills([one]) == {one.bill.bill_id}

        with three.viewing(ANALYST, []):
            live = three.bills_of_account(account_id(1))
            gone = [three.bill(bill_of(1, month)[0].bill_id) for month in (1, 2)]
            (service,) = three.services_of_account(account_id(1), CORRECTED_AT)
            told = three.corrections_of_account(account_id(1))
            made = three.correction_of(one.bill.bill_id)
            assert three.balance_cents(account_id(1)) == one.bill.total_cents
            (day,) = three.corrections_on(one.bill.issued_day)
        assert names(live) == [one.bill.bill_id]
        assert [each.cancelled_by for each in gone] == [one.bill.bill_id] * 2
        assert [each.cancelled_at for each in gone] == [CORRECTED_AT] * 2
        assert live[0].corrects == one.correction.cancelled_bill
        assert service.agreement.days.until_day == one.bill.days.until_day
        assert sorted(each.leaves_nothing for each in told) == [False, True, True]
        assert made == one.correction
        assert day.difference_cents == one.bill.total_cents - 3 * 16_519

    def test_done_twice_is_done_once(self, three: Store) -> None:
        one = past(ending(0, 5), 1, 2)
        three.record_rebills([one])
        assert three.record_rebills([one]) == set()

    @pytest.mark.parametrize("months", [(1,), (2,)])
    def test_of_which_one_is_forgotten_change_nothing(
        self, three: Store, months: tuple[int, ...]
    ) -> None:
        with pytest.raises(Conflict, match="It is billed until"):
            three.record_rebills([past(ending(0, 5), *months)])
        with three.viewing(ANALYST, []):
            assert len(three.bills_of_account(account_id(1))) == 3

    def test_before_the_end_or_without_one_are_no_such_bills(self, three: Store) -> None:
        for one in (past(ending(2, 5), 1), past(rebill_of(1, 0), 1, 2)):
            with pytest.raises(Conflict, match="is not for the service period"):
                three.record_rebills([one])

    def test_above_the_ceiling_take_two_people(self, three: Store) -> None:
        alone = past(ending(0, 5), 1, 2, ceiling_cents=2 * 16_519 - 1)
        with pytest.raises(Conflict, match="was not corrected by two people"):
            three.record_rebills([alone])
        both = past(ending(0, 5), 1, 2, ceiling_cents=2 * 16_519 - 1, approved_by="Bob")
        assert three.record_rebills([both])

    def test_at_the_ceiling_take_one(self, three: Store) -> None:
        assert three.record_rebills([past(ending(0, 5), 1, 2, ceiling_cents=2 * 16_519)])


class TestCancelling:
    def test_puts_a_bill_for_the_same_days_in_its_place(self, billed: Store) -> None:
        one = rebill_of(1, 0, cents=20_000)

        assert billed.record_rebills([one]) == {one.bill.bill_id}

        with billed.viewing(ANALYST, []):
            old, new = billed.bill(bill_of(1, 0)[0].bill_id), billed.bill(one.bill.bill_id)
            live = billed.bills_of_account(account_id(1))
            issued = billed.issued_bills_of_account(account_id(1))
        assert (old.cancelled_by, old.cancelled_at) == (new.bill_id, CORRECTED_AT)
        assert (new.corrects, new.cancelled_by) == (old.bill_id, None)
        assert names(live) == [new.bill_id, bill_of(1, 1)[0].bill_id]
        assert names(issued) == [old.bill_id, *names(live)]

    def test_reverses_what_was_posted_and_posts_what_is_right(self, billed: Store) -> None:
        billed.record_rebills([rebill_of(1, 0, cents=20_000)])

        assert billed.trial_balance() == {"142": 36_519, "440": -36_519}
        with billed.viewing(ANALYST, []):
            entries = {one.entry_id: one for one in billed.entries_of_account(account_id(1))}
        name = bill_of(1, 0)[0].bill_id
        assert entries[f"reversal:bill:{name}"].reverses == f"bill:{name}"

    def test_carries_the_balance_without_the_cancelled_bills(self, billed: Store) -> None:
        both = [rebill_of(1, 0, cents=100), rebill_of(1, 1, cents=200)]

        billed.record_rebills(both)

        with billed.viewing(ANALYST, []):
            carried = [billed.bill(one.bill.bill_id).previous_balance_cents for one in both]
            assert billed.balance_cents(account_id(1)) == 300
        assert carried == [0, 100]

    def test_done_twice_is_done_once(self, billed: Store) -> None:
        one = rebill_of(1, 0)
        billed.record_rebills([one])

        assert billed.record_rebills([one]) == set()
        assert billed.record_rebills([]) == set()
        assert billed.trial_balance()["142"] == 2 * 16519

    def test_two_at_once_is_done_once(self, billed: Store) -> None:
        one = rebill_of(1, 0, cents=20_000)
        other = replace(one, correction=replace(one.correction, author="Bob"))

        with ThreadPoolExecutor(2) as pool:
            newly = list(pool.map(lambda each: billed.record_rebills([each]), [one, other]))

        assert sorted(map(len, newly)) == [0, 1]
        assert billed.trial_balance()["142"] == 36_519

    def test_a_corrected_bill_may_be_corrected_again(self, billed: Store) -> None:
        billed.record_rebills([rebill_of(1, 0, cents=20_000)])
        again = rebill_of(1, 0, cents=300, version=3)

        billed.record_rebills([again])

        assert again.bill.bill_id == next_version(next_version(bill_of(1, 0)[0].bill_id))
        assert billed.trial_balance()["142"] == 16_519 + 300

    def test_is_told_of_the_day_on_which_the_bill_in_its_place_is_issued(
        self, billed: Store
    ) -> None:
        one, other = rebill_of(1, 0, cents=20_000), rebill_of(1, 1, cents=100)
        again = rebill_of(1, 0, cents=300, version=3)
        again = replace(again, correction=replace(again.correction, author="Bob"))
        for each in (one, other, again):
            billed.record_rebills([each])
        day = one.bill.issued_day

        with billed.viewing(ANALYST, []):
            told = billed.corrections_on(day)
            elsewhere = [billed.corrections_on(day + timedelta(days=by)) for by in (-1, 1)]
            (alone,) = billed.corrections_on(other.bill.issued_day)

        first = CorrectedBill(one.bill.bill_id, account_id(1), "Ana", 20_000 - 16_519)
        second = CorrectedBill(again.bill.bill_id, account_id(1), "Bob", 300 - 20_000)
        assert told == [first, second]
        assert elsewhere == [[], []]
        assert (alone.bill_id, alone.difference_cents) == (other.bill.bill_id, 100 - 16_519)

    def test_leaves_the_days_billed(self, billed: Store) -> None:
        billed.record_rebills([rebill_of(1, 0)])

        assert billed.record_bills([bill_of(1, 0)]) == set()
        with billed.viewing(ANALYST, []):
            service = billed.service_of_agreement("AG-1-20250101", CORRECTED_AT)
        assert service.billed_until == month_of(1).until_day


def test_corrections_of_a_day_are_read_by_a_viewer_alone(billed: Store) -> None:
    billed.record_rebills([rebill_of(1, 0)])

    with pytest.raises(NotViewing):
        billed.corrections_on(rebill_of(1, 0).bill.issued_day)


class TestAboveTheCeiling:
    """Asked of the store itself: another way of writing a correction meets it, too."""

    def of(self, cents: int, **signed: Any) -> Any:
        one = rebill_of(1, 0, cents=cents)
        return replace(one, correction=replace(one.correction, **signed))

    @pytest.mark.parametrize(
        "second", ["", "  ", "ana", " ANA  ", "\tAna", "\u00a0ana\u202f", "Ana\n", "\t\u00a0"]
    )
    def test_one_person_alone_is_refused_and_changes_nothing(
        self, billed: Store, second: str
    ) -> None:
        with pytest.raises(Conflict, match="is above the ceiling and was not corrected by two peo"):
            billed.record_rebills([self.of(50_001, approved_by=second)])
        assert billed.trial_balance()["142"] == 2 * 16_519

    def test_two_people_let_it_go_and_are_kept(self, billed: Store) -> None:
        one = self.of(50_001, approved_by="Bob")

        assert billed.record_rebills([one])

        with billed.viewing(ANALYST, []):
            kept = billed.correction_of(one.bill.bill_id)
        assert kept == one.correction
        assert kept is not None
        assert (kept.approved_by, kept.ceiling_cents, kept.by_two) == ("Bob", 50_000, True)

    @pytest.mark.parametrize(
        ("cents", "ceiling"),
        [(50_000, 50_000), (16_519, 16_518), (16_518, 1), (90_000, None)],
        ids=["at the ceiling", "as billed", "less than billed", "no ceiling known"],
    )
    def test_what_does_not_rise_above_it_needs_nobody(
        self, billed: Store, cents: int, ceiling: int | None
    ) -> None:
        assert billed.record_rebills([self.of(cents, ceiling_cents=ceiling)])


class TestRefuses:
    def test_a_bill_that_is_not_there(self, billed: Store) -> None:
        with pytest.raises(NotFound, match="There is no bill B-AG-1-"):
            billed.record_rebills([rebill_of(1, 2)])

    def test_a_bill_that_another_has_replaced(self, billed: Store) -> None:
        billed.record_rebills([rebill_of(1, 0)])
        late = rebill_of(1, 0)
        other = replace(
            late,
            bill=replace(late.bill, bill_id="B-other"),
            correction=replace(late.correction, corrected_bill="B-other"),
        )

        with pytest.raises(Conflict, match=r"is cancelled already, by bill .*-v2"):
            billed.record_rebills([other])

    def test_several_of_which_one_is_done(self, billed: Store) -> None:
        billed.record_rebills([rebill_of(1, 0)])

        with pytest.raises(Conflict, match="is cancelled already"):
            billed.record_rebills([rebill_of(1, 0), rebill_of(1, 1)])
        with billed.viewing(ANALYST, []):
            assert billed.bill(bill_of(1, 1)[0].bill_id).cancelled_by is None

    def test_a_bill_for_other_days(self, billed: Store) -> None:
        one = rebill_of(1, 0)
        days = replace(MONTH, until_day=MONTH.until_day - timedelta(days=1))
        lines = tuple(replace(line, days=days) for line in one.bill.lines)

        with pytest.raises(Conflict, match="is not for the service period of bill"):
            billed.record_rebills([replace(one, bill=replace(one.bill, days=days, lines=lines))])

    @pytest.mark.parametrize("lost", ["entry", "reversal"])
    def test_a_correction_without_its_entries(self, billed: Store, lost: str) -> None:
        with pytest.raises(Conflict, match="comes without its entry"):
            billed.record_rebills([replace(rebill_of(1, 0), **{lost: None})])
        with billed.viewing(ANALYST, []):
            assert len(billed.issued_bills_of_account(account_id(1))) == 2

    @pytest.mark.parametrize("blank", ["author", "reason"])
    def test_a_correction_that_nobody_signs_or_explains(self, blank: str) -> None:
        with pytest.raises(InvariantBroken):
            replace(rebill_of(1, 0).correction, **{blank: " "})


class TestLookingBack:
    def test_says_why_by_whom_and_what_was_decided(self, billed: Store) -> None:
        one = rebill_of(1, 0)
        billed.record_rebills([one])

        with billed.viewing(ANALYST, []):
            assert billed.correction_of(one.bill.bill_id) == one.correction
            assert billed.correction_of(bill_of(1, 0)[0].bill_id) is None
            assert billed.corrections_of_account(account_id(1)) == [one.correction]

    def test_gives_all_bills_of_a_place_with_what_became_of_them(self, billed: Store) -> None:
        billed.record_rebills([rebill_of(1, 0)])

        with billed.viewing(ANALYST, []):
            found = billed.bills_at(["SP-1"])["SP-1"]
        assert [one.was_live(CORRECTED_AT) for one in found] == [False, True, True]
        assert found[0].was_live(CORRECTED_AT - timedelta(seconds=1))

    def test_is_for_viewers(self, billed: Store) -> None:
        for look in (
            lambda: billed.correction_of("B-1"),
            lambda: billed.corrections_of_account(account_id(1)),
            lambda: billed.issued_bills_of_account(account_id(1)),
            lambda: billed.left_differences([account_id(1)]),
        ):
            with pytest.raises(NotViewing):
                look()


class TestLeavingADifference:
    LEFT = difference_left()

    def test_is_kept_once(self, billed: Store) -> None:
        assert billed.leave_difference(self.LEFT)
        assert not billed.leave_difference(replace(self.LEFT, author="Bob"))

        with billed.viewing(ANALYST, []):
            assert billed.left_differences([account_id(1), account_id(2)]) == [self.LEFT]
            assert billed.left_differences([account_id(2)]) == []

    def test_is_of_a_bill(self, billed: Store) -> None:
        with pytest.raises(NotFound, match="There is no bill B-nobody"):
            billed.leave_difference(replace(self.LEFT, bill_id="B-nobody"))
