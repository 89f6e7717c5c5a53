"""Late charges where something is special: mail, agreements, governments, our own lateness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from tests.journeys.late_town import CORRECTED, DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST, account_id

from meterledger.facts.late_charges import (
    AgreementStanding,
    GovernmentAccount,
    LateBill,
    LateHistory,
    LateReason,
    ReversalCause,
)
from meterledger.facts.receivables import ItemKind, Movement, OpenItem
from meterledger.kernel.span import DaySpan
from meterledger.usecases.late_charge_base import SaidElsewhere
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_ports import NOTHING_ELSEWHERE
from meterledger.usecases.late_charges import (
    LateChargeRefused,
    correct_late_charges,
    reverse_late_charge,
    tell_government_account,
)

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def paper(first_book: Any) -> PaperAccount:
    return PaperAccount(first_book)


@pytest.fixture
def history() -> LateHistory:
    """One bill of a hundred dollars, unpaid."""
    bill = LateBill(
        "B-1",
        "AG-1",
        "1M-anytime",
        DaySpan(ISSUED[0] - timedelta(days=30), ISSUED[0]),
        ISSUED[0],
        DUE[0],
        NOW - AN_HOUR,
    )
    moved = Movement("bill:B-1", ISSUED[0], NOW - AN_HOUR, 10_000)
    return LateHistory(account_id(1), bills=(bill,), movements=(moved,))


def decided(first_book: Any, history: LateHistory, **said: Any) -> Any:
    view = first_book.as_known(NOW.date())
    told = SaidElsewhere(**said)
    return consider(history, on=ISSUED[1], known_at=NOW, view=view, said=told)


def paid(history: LateHistory, cents: int, day: date, channel: str | None = None) -> LateHistory:
    moved = Movement("payment:R-1", day, NOW - AN_HOUR, -cents)
    channels = {} if channel is None else {"payment:R-1": channel}
    return replace(history, movements=(*history.movements, moved), channels=channels)


class TestMail:
    def test_two_business_days_late_is_in_time(self, first_book: Any, history: LateHistory) -> None:
        # Due on Friday, September 19, 2025: Tuesday is the second business day.
        found = decided(first_book, paid(history, 10_000, DUE[0] + timedelta(days=4), "mail"))
        assert (found.charges, found.reasons) == ([], {LateReason.PAID})

    def test_three_business_days_late_is_late(self, first_book: Any, history: LateHistory) -> None:
        found = decided(first_book, paid(history, 10_000, DUE[0] + timedelta(days=5), "mail"))
        assert found.cents == 150

    def test_of_another_channel_has_no_grace(self, first_book: Any, history: LateHistory) -> None:
        found = decided(first_book, paid(history, 10_000, DUE[0] + timedelta(days=3), "online"))
        assert found.cents == 150

    def test_a_part_in_time_by_mail_stands_in_the_record_with_its_clause(
        self, first_book: Any, history: LateHistory
    ) -> None:
        (charge,) = decided(
            first_book, paid(history, 4_000, DUE[0] + timedelta(days=3), "mail")
        ).charges
        assert charge.base_cents == 6_000
        assert b'"in_time_by_mail":[{"payment":"payment:R-1"' in charge.record

    def test_returned_later_never_counts(self, first_book: Any, history: LateHistory) -> None:
        back = Movement(
            *("reversal:payment:R-1", DUE[0] + timedelta(days=6), NOW - AN_HOUR, 10_000),
            reverses="payment:R-1",
        )
        full = paid(history, 10_000, DUE[0])
        found = decided(first_book, replace(full, movements=(*full.movements, back)))
        assert found.cents == 150


class TestParts:
    def test_deposit_arrears_are_left_out(self, first_book: Any, history: LateHistory) -> None:
        deposit = OpenItem(
            *("deposit:D-1", ItemKind.DEPOSIT, history.account_id, ISSUED[0], None, 5_000, 5_000)
        )
        (charge,) = decided(first_book, replace(history, asked_deposits=(deposit,))).charges
        assert (charge.cents, charge.base_cents) == (150, 10_000)
        assert "deposit" in charge.codes

    def test_only_a_deposit_costs_nothing(self, first_book: Any, history: LateHistory) -> None:
        deposit = OpenItem(
            *("deposit:D-1", ItemKind.DEPOSIT, history.account_id, ISSUED[0], None, 5_000, 5_000)
        )
        full = replace(paid(history, 10_000, DUE[0]), asked_deposits=(deposit,))
        found = decided(first_book, full)
        assert (found.charges, found.reasons) == ([], {LateReason.DEPOSIT})

    def test_special_charges_are_left_out(self, first_book: Any, history: LateHistory) -> None:
        special = Movement("special:S-1", ISSUED[0], NOW - AN_HOUR, 7_000, "143")
        with_it = replace(history, movements=(*history.movements, special))
        (charge,) = decided(first_book, with_it).charges
        assert charge.base_cents == 10_000
        assert "special" in charge.codes

    def test_a_fee_on_the_bill_is_part_of_the_gross_amount(
        self, first_book: Any, history: LateHistory
    ) -> None:
        fee = Movement("fee:F-1", ISSUED[0], NOW - AN_HOUR, 2_000)
        (charge,) = decided(
            first_book, replace(history, movements=(*history.movements, fee))
        ).charges
        assert charge.base_cents == 12_000

    def test_what_came_after_the_bill_was_not_asked_by_it(
        self, first_book: Any, history: LateHistory
    ) -> None:
        fee = Movement("fee:F-1", ISSUED[0] + timedelta(days=1), NOW - AN_HOUR, 2_000)
        (charge,) = decided(
            first_book, replace(history, movements=(*history.movements, fee))
        ).charges
        assert charge.base_cents == 10_000

    def test_a_missing_report_bears_none_by_the_statute(
        self, first_book: Any, history: LateHistory
    ) -> None:
        # The statute is in force from 2026-07-01: before it the same debt bears the charge.
        with pytest.raises(Exception, match="late_charge_missing_report_spared"):
            decided(first_book, history, missing_report_bills=frozenset({"B-1"}))
        later = ISSUED[0] + timedelta(days=365)
        (bill,) = history.bills
        shifted = replace(
            history,
            bills=(replace(bill, issued_day=later, due_day=later + timedelta(days=21)),),
            movements=(Movement("bill:B-1", later, NOW - AN_HOUR, 10_000),),
        )
        found = consider(
            shifted,
            on=later + timedelta(days=30),
            known_at=NOW,
            view=first_book.as_known(NOW.date()),
            said=SaidElsewhere(missing_report_bills=frozenset({"B-1"})),
        )
        assert found.charges == []
        assert LateReason.MISSING_REPORT in found.reasons


class TestAgreements:
    def test_kept_spares_what_it_collects(self, first_book: Any, history: LateHistory) -> None:
        found = decided(
            first_book, history, agreement=AgreementStanding("deferred payment", 10_000)
        )
        assert (found.charges, found.reasons) == ([], {LateReason.AGREEMENT_KEPT})

    def test_leaves_the_rest_of_the_debt_to_the_charge(
        self, first_book: Any, history: LateHistory
    ) -> None:
        (charge,) = decided(
            first_book, history, agreement=AgreementStanding("deferred payment", 6_000)
        ).charges
        assert (charge.cents, charge.base_cents) == (60, 4_000)

    def test_missed_is_charged_on_the_instalment_alone(
        self, first_book: Any, history: LateHistory
    ) -> None:
        (charge,) = decided(
            first_book, history, agreement=AgreementStanding("deferred payment", 8_000, 2_000)
        ).charges
        assert (charge.cents, charge.base_cents) == (30, 2_000)
        assert charge.codes == ("agreement_missed",)

    def test_of_the_cold_weather_rule_bears_none_when_missed(
        self, first_book: Any, history: LateHistory
    ) -> None:
        found = decided(
            first_book, history, agreement=AgreementStanding("cold weather", 8_000, 2_000)
        )
        assert (found.charges, found.reasons) == ([], {LateReason.AGREEMENT_KEPT})

    def test_ended_by_default_spares_nothing(self, first_book: Any, history: LateHistory) -> None:
        standing = AgreementStanding("deferred payment", 8_000, 2_000, ended_by_default=True)
        assert decided(first_book, history, agreement=standing).cents == 150


class TestUnknownPayments:
    def test_are_not_counted_as_missed_until_they_are_known(self, paper: PaperAccount) -> None:
        paper.bill(0)
        unknown = replace(NOTHING_ELSEWHERE, unknown_payments=_Unknown(paper.account))

        waiting = paper.run(ISSUED[1], elsewhere=unknown)
        assert waiting.charges == []
        assert dict(waiting.by_code) == {"unknown_payment": 1}
        assert paper.balance == 10_000

        # It failed: with the bill after, the date that waited is decided, and the newer one too.
        paper.bill(1, 5_000)
        known = paper.run(ISSUED[2], NOW + AN_HOUR)
        assert [one.delinquent_day for one in known.charges] == DUE[:2]
        assert [one.cents for one in known.charges] == [150, 225]
        assert all(map(paper.replays, known.charges))


class _Unknown:
    def __init__(self, account: str) -> None:
        self.account = account

    def unknown_payment_cents(self, account_ids: Sequence[str], on: date) -> Mapping[str, int]:
        return {self.account: 10_000}


class TestGovernments:
    def test_pay_what_the_law_demands(self, first_book: Any, history: LateHistory) -> None:
        told = GovernmentAccount(
            history.account_id, ISSUED[0], "U.S. Government", "a law", "0.5", 24, "Ana", NOW
        )
        (charge,) = decided(first_book, replace(history, government=(told,))).charges
        assert charge.cents == 50
        assert charge.delinquent_day == ISSUED[0] + timedelta(days=24)
        assert "government" in charge.codes
        assert Fraction(charge.cents, charge.base_cents) == Fraction(1, 200)

    def test_of_a_city_pay_as_others_do(self, first_book: Any, history: LateHistory) -> None:
        told = GovernmentAccount(
            history.account_id, ISSUED[0], "city or county", None, None, None, "Ana", NOW
        )
        assert decided(first_book, replace(history, government=(told,))).cents == 150

    def test_have_no_terms_without_a_law(self, paper: PaperAccount) -> None:
        told = GovernmentAccount(
            paper.account, ISSUED[0], "U.S. Government", None, "0.5", None, "Ana", NOW
        )
        with pytest.raises(LateChargeRefused, match="no law that demands them"):
            tell_government_account(told, store=paper.store)


class TestOurLateness:
    def test_a_bill_that_we_sent_late_bears_none(self, paper: PaperAccount) -> None:
        late = ISSUED[0] + timedelta(days=36)
        paper.bill(0, issued=late)

        run = paper.run(late + timedelta(days=30))

        assert (run.charges, dict(run.by_code)) == ([], {"our_delay": 1})

    def test_a_bill_on_the_last_day_in_time_bears_it(self, paper: PaperAccount) -> None:
        just = ISSUED[0] + timedelta(days=35)
        paper.bill(0, issued=just)

        assert [one.cents for one in paper.run(just + timedelta(days=30)).charges] == [150]


class TestCorrectedBills:
    def test_overbilled_takes_the_charge_back_and_charges_what_was_right(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        (first,) = paper.run(ISSUED[1]).charges
        paper.correct(0, 6_000, ISSUED[1] + timedelta(days=3))

        run = paper.run(ISSUED[1] + timedelta(days=5), CORRECTED + AN_HOUR)

        (back,) = run.reversals
        (second,) = run.charges
        assert (back.late_charge_id, back.cause) == (
            first.late_charge_id,
            ReversalCause.CORRECTED_BILL,
        )
        assert "was corrected" in back.reason
        assert (second.cents, second.replaces) == (90, first.late_charge_id)
        assert second.late_charge_id == f"{first.late_charge_id}:2"
        assert paper.balance == 6_000 + 90
        assert paper.replays(first)
        assert paper.replays(second)

    def test_of_an_account_that_is_billed_no_more_are_found_by_themselves(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        (first,) = paper.run(ISSUED[1]).charges
        day = ISSUED[1] + timedelta(days=3)
        told: dict[str, Any] = {"on": day, "store": paper.store, "book": paper.book}
        with paper.store.viewing(ANALYST, ["all"]):
            assert correct_late_charges(known_at=NOW, **told).considered == 0
            paper.correct(0, 6_000, day)
            tried = correct_late_charges(known_at=CORRECTED + AN_HOUR, dry_run=True, **told)
            done = correct_late_charges(known_at=CORRECTED + AN_HOUR, **told)
            again = correct_late_charges(known_at=CORRECTED + 2 * AN_HOUR, **told)

        assert [len(one.reversals) for one in (tried, done, again)] == [1, 1, 0]
        assert done.reversals[0].late_charge_id == first.late_charge_id
        assert [one.cents for one in done.charges] == [90]
        assert paper.balance == 6_000 + 90
        assert paper.replays(done.charges[0])

    @pytest.mark.parametrize(
        ("cents", "days_late", "left"), [(10_000, 0, []), (4_000, 0, [90]), (10_000, 1, None)]
    )
    def test_what_was_paid_in_time_and_learned_of_later_takes_it_back(
        self, paper: PaperAccount, cents: int, days_late: int, left: list[int] | None
    ) -> None:
        paper.bill(0)
        (first,) = paper.run(ISSUED[1]).charges
        paper.pay("R-1", cents, DUE[0] + timedelta(days=days_late), learned_at=CORRECTED)
        told: dict[str, Any] = {"store": paper.store, "book": paper.book}
        on = ISSUED[1] + timedelta(days=3)

        with paper.store.viewing(ANALYST, ["all"]):
            done = correct_late_charges(on=on, known_at=CORRECTED + AN_HOUR, **told)
            again = correct_late_charges(on=on, known_at=CORRECTED + 2 * AN_HOUR, **told)

        assert again.reversals == []
        if left is None:  # a day late is late, whenever we learn of it
            assert (done.reversals, paper.balance) == ([], 150)
            return
        (back,) = done.reversals
        assert (back.late_charge_id, back.cause) == (
            first.late_charge_id,
            ReversalCause.PAYMENT_IN_TIME,
        )
        assert f"payment:R-1 of {DUE[0]}" in back.reason
        assert [one.cents for one in done.charges] == left
        assert paper.balance == 10_000 - cents + sum(left)
        assert all(paper.replays(one) for one in (first, *done.charges))

    @pytest.mark.parametrize(
        ("right", "paid_late", "left"),
        [(4_000, 0, []), (6_000, 0, [30]), (10_000, 0, None), (4_000, 1, None)],
    )
    def test_what_a_wrong_bill_had_used_up_pays_the_next_one_in_time(
        self, paper: PaperAccount, right: int, paid_late: int, left: list[int] | None
    ) -> None:
        """100 dollars were paid in time, 40 were right: 60 are there for the next bill."""
        paper.bill(0)
        paper.pay("R-0", 10_000, DUE[0])
        paper.bill(1, 6_000)
        (first,) = paper.run(ISSUED[2]).charges
        assert first.cents == 90
        told: dict[str, Any] = {"store": paper.store, "book": paper.book}
        on = ISSUED[2] + timedelta(days=3)
        if paid_late:
            paper.give_back("R-0", ISSUED[2])
            paper.pay("R-1", 10_000, DUE[1] + timedelta(days=1))

        paper.correct(0, right, on)
        with paper.store.viewing(ANALYST, ["all"]):
            done = correct_late_charges(on=on, known_at=CORRECTED + AN_HOUR, **told)
            again = correct_late_charges(on=on, known_at=CORRECTED + 2 * AN_HOUR, **told)

        assert again.reversals == []
        if left is None:
            assert done.reversals == []
            return
        (back,) = done.reversals
        assert (back.late_charge_id, back.cause) == (
            first.late_charge_id,
            ReversalCause.CORRECTED_BILL,
        )
        assert back.reason.startswith(
            "what was paid in time had gone to a bill that was corrected: B-"
        )
        assert [one.cents for one in done.charges] == left
        assert all(paper.replays(one) for one in (first, *done.charges))

    @pytest.mark.parametrize(
        ("month", "right", "base"),
        [
            (0, 14_000, None),  # it frees nothing
            (0, 9_000, 9_075),  # what it frees pays 1,000 of the next bill, and nothing else
            (1, 6_000, None),  # of what the charge is on, and not lowered
            (1, 4_000, 9_075),
        ],
    )
    def test_a_correction_lowers_a_charge_on_a_forgiven_one_by_what_it_frees(
        self, paper: PaperAccount, month: int, right: int, base: int | None
    ) -> None:
        """The base is 5,000, a charge of 75 on them that was forgiven since, and 5,000 more."""
        paper.bill(0)
        paper.pay("R-0", 10_000, DUE[0])
        paper.bill(1, 5_000)
        (forgiven,) = paper.run(ISSUED[2]).charges
        paper.bill(2, 5_000)
        (further,) = paper.run(ISSUED[3], NOW + AN_HOUR / 2).charges
        assert forgiven.entry_id in further.rests_on
        assert further.base_cents == 10_075
        on = ISSUED[3] + timedelta(days=3)
        told: dict[str, Any] = {"on": on, "store": paper.store, "book": paper.book}
        with paper.store.viewing(ANALYST, ["all"]):
            reverse_late_charge(
                forgiven.late_charge_id,
                by="Ana",
                approved_by="Ben",
                reason="a first time",
                on=ISSUED[3],
                learned_at=NOW + AN_HOUR,
                store=paper.store,
            )

            paper.correct(month, right, on)
            done = correct_late_charges(known_at=CORRECTED + AN_HOUR, **told)
            again = correct_late_charges(known_at=CORRECTED + 2 * AN_HOUR, **told)

        assert [one.late_charge_id for one in done.reversals] == (
            [] if base is None else [further.late_charge_id]
        )
        assert [one.base_cents for one in done.charges] == ([] if base is None else [base])
        assert again.reversals == []
        assert all(paper.replays(one) for one in (forgiven, further, *done.charges))

    def test_a_payment_that_came_back_takes_no_charge_back(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        paper.pay("R-1", 10_000, DUE[0], learned_at=NOW + timedelta(minutes=1))
        paper.give_back("R-1", ISSUED[1] + timedelta(days=1))

        with paper.store.viewing(ANALYST, ["all"]):
            done = correct_late_charges(
                on=ISSUED[1] + timedelta(days=3),
                known_at=CORRECTED,
                store=paper.store,
                book=paper.book,
            )

        assert (done.reversals, paper.balance) == ([], 10_150)

    def test_overbilled_in_whole_takes_all_of_it_back(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        paper.correct(0, 0, ISSUED[1] + timedelta(days=3))

        run = paper.run(ISSUED[1] + timedelta(days=5), CORRECTED + AN_HOUR)

        assert (len(run.reversals), run.charges, paper.balance) == (1, [], 0)

    def test_a_charge_that_is_taken_back_bears_none_the_same_day(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        paper.bill(1, 5_000)
        paper.correct(0, 0, ISSUED[1] + timedelta(days=3))

        run = paper.run(ISSUED[2], CORRECTED + AN_HOUR)

        assert len(run.reversals) == 1
        assert [one.base_cents for one in run.charges] == [5_000]  # not 5,150
        assert paper.balance == 5_000 + 75
        assert paper.replays(run.charges[0])

    def test_a_corrected_bill_between_leaves_the_date_to_the_next_bill(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        paper.bill(1, 5_000)
        paper.correct(0, 10_001, DUE[1] + timedelta(days=6))  # after the grace for mail

        (charge,) = paper.run(ISSUED[2], CORRECTED + AN_HOUR).charges

        assert (charge.delinquent_day, charge.base_cents) == (DUE[1], 5_150)
        assert paper.run(ISSUED[3], CORRECTED + 2 * AN_HOUR).charges[0].delinquent_day != DUE[1]

    def test_bears_its_charge_once_whichever_dates_fall_to_the_next_bill(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        paper.bill(1, 5_000)
        paper.correct(0, 10_001, ISSUED[1] + timedelta(days=1))  # due before the next bill, too

        first = paper.run(ISSUED[2], CORRECTED + AN_HOUR)
        again = paper.run(ISSUED[2], CORRECTED + 2 * AN_HOUR)

        # The next bill's date bears it on 5,000 and on the earlier charge, the corrected bill's own
        # date on the 10,000 alone.
        assert [one.base_cents for one in first.charges] == [5_150, 10_000]
        assert again.charges == []

    def test_a_date_stays_with_its_bill_when_that_is_corrected(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.pay("R-1", 10_000, DUE[0])
        paper.run(ISSUED[1])
        paper.bill(1, 5_000)
        paper.give_back("R-1", ISSUED[1] + timedelta(days=1))
        paper.correct(1, 4_000, ISSUED[1] + timedelta(days=2))

        run = paper.run(ISSUED[2], CORRECTED + AN_HOUR)

        assert [one.delinquent_day for one in run.charges] == [ISSUED[1] + timedelta(days=23)]

    def test_underbilled_keeps_its_charge_and_adds_none(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        day = ISSUED[1] + timedelta(days=3)
        paper.correct(0, 14_000, day)

        run = paper.run(day + timedelta(days=30), CORRECTED + AN_HOUR)

        # Of 14,000 the correction adds 4,000, which are late by us; 10,000 and the charge on them
        # are unpaid after the corrected bill's own date, too.
        assert run.reversals == []
        (charge,) = run.charges
        assert (charge.cents, charge.base_cents) == (152, 10_150)
        assert charge.codes == ("our_delay", "again", "compound")


class TestForgiving:
    def test_takes_two_people_and_happens_once(self, paper: PaperAccount) -> None:
        paper.bill(0)
        (charge,) = paper.run(ISSUED[1]).charges
        told: dict[str, Any] = {
            "reason": "a first time",
            "on": ISSUED[1],
            "learned_at": NOW + AN_HOUR,
            "store": paper.store,
        }
        name = charge.late_charge_id
        with paper.store.viewing(ANALYST, [paper.account]):
            with pytest.raises(LateChargeRefused, match="Ana asks and approves at once"):
                reverse_late_charge(name, by="Ana", approved_by="ana ", **told)
            with pytest.raises(LateChargeRefused, match="forgiven by two people"):
                reverse_late_charge(name, by="Ana", approved_by=" ", **told)
            _, first = reverse_late_charge(name, by="Ana", approved_by="Ben", **told)
            _, again = reverse_late_charge(name, by="Ana", approved_by="Ben", **told)

        assert (first, again, paper.balance) == (True, False, 10_000)
        assert paper.run(ISSUED[1], NOW + 2 * AN_HOUR).charges == []
        assert paper.replays(charge)
