"""Late charges: posted once with their records, taken back once; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.stores.late_paper import (
    DAY,
    RUN,
    SHOWN,
    charge_of,
    entry_of,
    government_of,
    reversal_of,
    wait_of,
    work_of,
)
from tests.stores.paper_town import (
    ANALYST,
    CORRECTED_AT,
    LATER,
    account_id,
    bill_of,
    payment_of,
    rebill_of,
    start_of,
)
from tests.stores.test_promises_of_documents import back_of, document_of

from meterledger.facts.documents import Channel
from meterledger.facts.late_charges import ReversalCause
from meterledger.kernel.ensure import InvariantBroken
from meterledger.usecases.late_charge_ports import LateChargeWork
from meterledger.usecases.late_charge_rows import columns_of
from meterledger.usecases.ports import NotFound, NotViewing, Store


class TestACharge:
    def test_is_kept_with_its_entry_once(self, store: Store) -> None:
        store.start_service(start_of(1))
        charge = charge_of()

        assert store.record_late_charges(work_of(charge)) == {charge.entry_id}
        assert store.record_late_charges(work_of(charge)) == set()

        with store.viewing(ANALYST, [charge.account_id]):
            assert store.late_charge(charge.late_charge_id) == charge
            assert store.late_charges_of_account(charge.account_id) == [charge]
            assert store.late_charges_on(SHOWN) == [charge]
            assert store.balance_cents(charge.account_id) == 150
        assert store.trial_balance() == {"142": 150, "450": -150}

    def test_brought_by_many_at_once_is_posted_once(self, store: Store) -> None:
        store.start_service(start_of(1))

        with ThreadPoolExecutor(8) as pool:
            kept = list(
                pool.map(lambda _: store.record_late_charges(work_of(charge_of())), "12345")
            )

        assert sum(map(len, kept)) == 1
        assert store.trial_balance() == {"142": 150, "450": -150}

    def test_of_an_account_nobody_knows_keeps_nothing_of_its_call(self, store: Store) -> None:
        store.start_service(start_of(1))

        with pytest.raises(NotFound, match=f"There is no account {account_id(2)}"):
            store.record_late_charges(work_of(charge_of(1), charge_of(2)))

        assert store.trial_balance() == {}

    def test_that_nobody_knows_is_not_found(self, store: Store) -> None:
        with store.viewing(ANALYST, []), pytest.raises(NotFound, match="no late charge 1:2"):
            store.late_charge("1:2")

    def test_is_seen_by_viewers_only(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.late_histories([account_id(1)], LATER)


class TestAReversal:
    def test_takes_the_charge_back_once(self, store: Store) -> None:
        store.start_service(start_of(1))
        charge = charge_of()
        store.record_late_charges(work_of(charge))
        back = reversal_of(charge)

        assert store.record_late_charges(LateChargeWork(reversals=(back,))) == {back[1].entry_id}
        assert store.record_late_charges(LateChargeWork(reversals=(back,))) == set()

        with store.viewing(ANALYST, [charge.account_id]):
            assert store.late_charge_reversal(charge.late_charge_id) == back[0]
            assert store.balance_cents(charge.account_id) == 0

    def test_comes_with_the_charge_in_its_place(self, store: Store) -> None:
        store.start_service(start_of(1))
        first, second = charge_of(), charge_of(cents=100, version=":2")
        store.record_late_charges(work_of(first))

        both = LateChargeWork(((second, entry_of(second)),), (reversal_of(first),))
        assert len(store.record_late_charges(both)) == 2

        with store.viewing(ANALYST, [first.account_id]):
            assert store.balance_cents(first.account_id) == 100
            history = store.late_histories([first.account_id], LATER)[first.account_id]
        assert history.charges == (first, second)

    def test_by_people_stands_in_the_history_as_known(self, store: Store) -> None:
        store.start_service(start_of(1))
        forgiven, wrong = charge_of(), charge_of(cents=100, version=":2")
        store.record_late_charges(work_of(forgiven, wrong))
        corrected = replace(reversal_of(wrong)[0], cause=ReversalCause.CORRECTED_BILL)
        back = (corrected, reversal_of(wrong)[1])
        store.record_late_charges(LateChargeWork(reversals=(reversal_of(forgiven), back)))

        with store.viewing(ANALYST, [forgiven.account_id]):
            for at, names in (
                (LATER, (forgiven.late_charge_id,)),
                (LATER - timedelta(seconds=1), ()),
            ):
                history = store.late_histories([forgiven.account_id], at)[forgiven.account_id]
                assert history.forgiven == names

    def test_of_a_charge_nobody_knows_is_refused(self, store: Store) -> None:
        store.start_service(start_of(1))

        with pytest.raises(NotFound, match="There is no late charge"):
            store.record_late_charges(LateChargeWork(reversals=(reversal_of(charge_of()),)))

    def test_by_one_person_alone_is_none(self) -> None:
        with pytest.raises(InvariantBroken, match="two people"):
            replace(reversal_of(charge_of())[0], approved_by=" ANA")


class TestAGovernmentAccount:
    def test_is_told_once_and_again_when_the_words_are_others(self, store: Store) -> None:
        store.start_service(start_of(1))
        first = government_of()
        other = replace(first, percent_by_law="1", learned_at=LATER + timedelta(hours=1))
        back = replace(first, learned_at=LATER + timedelta(hours=2))
        with store.viewing(ANALYST, [account_id(1)]):
            for told in (first, replace(first, by="Ben"), other, other, back):
                store.tell_government_account(told)

            day_after, whose = LATER + timedelta(days=1), [account_id(1), account_id(2)]
            known = store.late_histories([account_id(1)], day_after)
            alone = store.government_accounts(whose, day_after)
            before = store.government_accounts(whose, LATER)

        assert known[account_id(1)].government == (first, other, back)
        assert alone == {account_id(1): (first, other, back)}
        assert before == {account_id(1): (first,)}


class TestAHistory:
    def test_is_as_known_at_an_instant(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1)])
        government = government_of()
        store.tell_government_account(government)
        wait = wait_of()
        store.record_late_charges(LateChargeWork(waits=(wait,), run=RUN))
        store.record_rebills([rebill_of(1, cents=9_000)])

        with store.viewing(ANALYST, [account_id(1)]):
            before = store.late_histories([account_id(1)], LATER - timedelta(days=1))
            then = store.late_histories([account_id(1)], LATER)
            since = store.late_histories([account_id(1)], LATER + timedelta(days=90))

        assert before[account_id(1)].bills == ()
        (bill,) = then[account_id(1)].bills
        assert (bill.schedule, bill.cancelled_by) == ("1M-anytime", None)
        assert then[account_id(1)].government == (government,)
        assert then[account_id(1)].waits == (wait,)
        assert then[account_id(1)].movements[0].cents == 16_519
        assert before[account_id(1)].movements == ()
        now = since[account_id(1)].bills
        assert {one.cancelled_by for one in now} == {None, rebill_of(1).bill.bill_id}
        assert {one.corrects for one in now} == {None, bill.bill_id}

    def test_of_nobody_is_empty(self, store: Store) -> None:
        with store.viewing(ANALYST, []):
            assert store.late_histories([account_id(7)], LATER)[account_id(7)].bills == ()


class TestColumns:
    def test_have_the_rows_of_the_histories(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2), start_of(3)])
        store.record_bills([bill_of(1), bill_of(1, 1), bill_of(3)])
        store.record_payment(*payment_of(1))
        store.record_late_charges(work_of(charge_of(1)))
        store.record_rebills([rebill_of(3, cents=8_000)])
        accounts = [account_id(number) for number in (3, 1, 2)]

        with store.viewing(ANALYST, accounts):
            histories = store.late_histories(accounts, CORRECTED_AT)
            told = store.late_columns(accounts, CORRECTED_AT)
        wanted = columns_of([histories[one] for one in accounts])

        assert (told.accounts, told.schedules) == (wanted.accounts, wanted.schedules)
        assert told.row_count == wanted.row_count
        for rows in ("bills", "movements", "charged"):
            have, want = getattr(told, rows), getattr(wanted, rows)
            for column in have.__dataclass_fields__:
                if column not in ("key", "reverses"):
                    assert sorted(getattr(have, column)) == sorted(getattr(want, column)), column
        assert told.bills.corrected.sum() == 2

    def test_tell_whose_bill_came_back_or_went_out_late_as_we_learned_after_the_charge(
        self, store: Store
    ) -> None:
        numbers = (1, 2, 3, 4)
        store.start_services([start_of(one) for one in numbers])
        store.record_bills([bill_of(one) for one in numbers])
        store.record_late_charges(work_of(*map(charge_of, numbers)))
        sent = [document_of(one, channel=Channel.ELECTRONIC, address="a@x") for one in (1, 2)]
        store.record_documents(sent)
        store.record_came_back(back_of(1))  # known before the charge was made
        at = LATER + timedelta(seconds=1)
        store.record_came_back(replace(back_of(2), learned_at=at))
        late = DAY + timedelta(days=1)
        store.record_documents(
            [document_of(3, made_at=at, due_day=late), document_of(4, made_at=at, due_day=DAY)]
        )
        with store.viewing(ANALYST, []):
            assert store.late_charges_to_decide_again(SHOWN) == [account_id(2), account_id(3)]

    def test_tell_whose_charges_rest_on_cancelled_bills(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1), bill_of(2)])
        store.record_late_charges(work_of(charge_of(1), charge_of(2)))
        with store.viewing(ANALYST, ["all"]):
            assert store.late_charges_to_decide_again(date.min) == []
            store.record_rebills([rebill_of(2)])
            assert store.late_charges_to_decide_again(date.min) == [account_id(2)]
            store.record_late_charges(LateChargeWork(reversals=(reversal_of(charge_of(2)),)))
            assert store.late_charges_to_decide_again(date.min) == []

    def test_tell_which_were_made_before_a_payment_that_was_in_time(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2), start_of(3)])
        charges = [charge_of(one) for one in (1, 2, 3)]
        store.record_late_charges(work_of(*charges))
        late = charges[0].delinquent_day + timedelta(days=11)
        learned = charges[0].known_at + timedelta(hours=1)
        for number, day, at in (
            (1, charges[0].delinquent_day, learned),
            (2, charges[1].delinquent_day, charges[1].known_at),  # it was known then
            (3, late, learned),
        ):
            payment, entry = payment_of(number, f"R-{number}", learned_at=at)
            store.record_payment(
                replace(payment, received_day=day), replace(entry, effective_day=day)
            )

        with store.viewing(ANALYST, ["all"]):
            assert store.late_charges_to_decide_again(SHOWN) == [account_id(1)]
            assert store.late_charges_to_decide_again(SHOWN + timedelta(days=1)) == []
            reversal, entry = reversal_of(charges[0])
            reversal = replace(reversal, cause=ReversalCause.PAYMENT_IN_TIME)
            store.record_late_charges(LateChargeWork(reversals=((reversal, entry),)))
            assert store.late_charges_to_decide_again(SHOWN) == []

    def test_tell_which_were_made_before_another_bill_was_corrected(self, store: Store) -> None:
        """The other bill may have used up what was paid in time."""
        store.start_services([start_of(1)])
        store.record_bills([bill_of(1), bill_of(1, 1)])
        charge = replace(charge_of(1), rests_on=(f"bill:{bill_of(1, 1)[0].bill_id}",))
        store.record_late_charges(work_of(charge))
        with store.viewing(ANALYST, ["all"]):
            assert store.late_charges_to_decide_again(SHOWN) == []
            store.record_rebills([rebill_of(1)])
            assert store.late_charges_to_decide_again(SHOWN) == [account_id(1)]
            assert store.late_charges_to_decide_again(SHOWN + timedelta(days=1)) == []

    def test_of_nobody_are_empty(self, store: Store) -> None:
        with store.viewing(ANALYST, []):
            assert store.late_columns([], LATER).row_count == 0


class TestARun:
    def test_is_kept_once_and_listed_by_day(self, store: Store) -> None:
        store.record_late_charges(LateChargeWork(run=RUN))
        store.record_late_charges(LateChargeWork(run=RUN))

        assert store.late_charge_runs() == store.late_charge_runs(SHOWN) == [RUN]
        assert store.late_charge_runs(DAY) == []

    def test_accounts_for_everybody(self) -> None:
        with pytest.raises(InvariantBroken, match="accounts considered are"):
            replace(RUN, refused=0)
