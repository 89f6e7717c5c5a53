"""Issued bills are cancelled and billed again on their own periods, once, every cent by cause."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.bills import BillKind, read_record
from meterledger.facts.corrections import CorrectionCause
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.rebill import Evidence, RebillRefused, RebillRun, rebill
from meterledger.usecases.rebill_ceiling import AboveTheCeiling
from meterledger.usecases.rebill_gate import FoundByTheGate
from meterledger.usecases.rebill_states import CannotRebill

JULY, AUGUST, SEPTEMBER = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)
DAY = date(2025, 9, 20)
FOUND = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 2, 12, tzinfo=UTC)


def correct(town: Any, *bills: str, **how: Any) -> RebillRun:
    told = {
        "author": "Ana",
        "reason": "the readings were another meter's",
        "on": DAY,
        "known_at": FOUND,
        "store": town.store,
        "lake": town.lake,
        "book": town.book,
        **how,
    }
    return rebill(bills, **told)


@pytest.fixture
def billed(town: Any) -> Any:
    """One home in a taxing city, billed for July and August at 100 Wh a quarter-hour."""
    town.start(1, tax_place="university_city")
    town.read("M1", (JULY, SEPTEMBER), lambda day, count: [100] * count)
    town.bills = [one.bill_id for one in town.bill(1, on=SEPTEMBER).issued]
    return town


def reads(town: Any, wh: int, span: tuple[date, date] = (JULY, SEPTEMBER)) -> None:
    town.read("M1", span, lambda day, count: [wh] * count, learned_at=LATER)


class TestCancelAndRebill:
    def test_puts_the_right_bill_in_the_place_of_the_wrong_one(self, billed: Any) -> None:
        reads(billed, 90)

        (one,) = correct(billed, billed.bills[0]).corrected

        assert one.bill.bill_id == f"{billed.bills[0]}-v2"
        assert one.bill.kind is BillKind.CORRECTED
        assert (one.bill.days.from_day, one.bill.days.until_day) == (JULY, AUGUST)
        assert one.bill.issued_day == DAY
        assert one.bill.usage.energy_wh == 90 * 96 * 31
        stored = billed.store.bill(one.bill.bill_id)
        assert stored.corrects == billed.bills[0]
        assert read_record(stored.record)["corrects"] == billed.bills[0]
        assert billed.store.bill(billed.bills[0]).cancelled_by == one.bill.bill_id

    def test_says_on_the_bill_what_it_corrects(self, billed: Any) -> None:
        reads(billed, 90)

        (one,) = correct(billed, billed.bills[0]).corrected

        first = one.bill.reasons[0]
        assert first.finding == (
            f"corrects bill {billed.bills[0]} of 2025-09-01 on its own service period"
        )
        assert "13.015" in first.citation.text

    def test_moves_the_account_by_the_difference_to_the_cent(self, billed: Any) -> None:
        reads(billed, 90)
        before = billed.store.balance_cents(billed.account_id(1))

        (one,) = correct(billed, billed.bills[0]).corrected

        assert one.difference_cents < 0
        after = billed.store.balance_cents(billed.account_id(1))
        assert after - before == one.difference_cents
        assert sum(billed.store.trial_balance().values()) == 0

    def test_with_what_the_gate_finds_waits_until_somebody_has_seen_it(self, billed: Any) -> None:
        """August at eight times its use: a run would not have let it out, nor does one person."""
        july, august = billed.bills
        reads(billed, 800, (AUGUST, SEPTEMBER))

        (dry,) = correct(billed, august, dry_run=True).corrected
        assert [one.code for one in dry.findings] == ["gate.band"]
        assert dry.findings[0].sentence.startswith("76.8 kWh a day is 800 percent of the bill")
        for told in ({}, {"seen": ["gate.price"]}, {"approved_by": "ana"}):
            with pytest.raises(FoundByTheGate, match=r"or name another .*--approved-by") as caught:
                correct(billed, august, **told)
            assert "`--seen gate.band`" in caught.value.do
        assert billed.store.bill(august).cancelled_by is None

        (one,) = correct(billed, august, seen=["gate.band", "gate.jump"]).corrected

        kept = billed.store.correction_of(one.bill.bill_id)
        assert json.loads(kept.decision)["gate"] == {
            "found": [{"code": "gate.band", "sentence": dry.findings[0].sentence}],
            "seen": ["gate.band"],
        }
        assert billed.replay(one.bill.bill_id).same_bytes
        assert b"gate" not in one.bill.record()
        assert billed.store.bill(july).cancelled_by is None

    def test_of_a_first_bill_is_compared_with_what_was_issued(self, billed: Any) -> None:
        reads(billed, 1000, (JULY, AUGUST))

        (one,) = correct(billed, billed.bills[0], dry_run=True).corrected

        assert [each.code for each in one.findings] == ["gate.jump", "gate.band"]
        assert "looks like a factor of 10" in one.findings[0].sentence

    def test_names_what_is_found_of_each_bill_at_once(self, billed: Any) -> None:
        """Whoever says what was seen is not refused again for the next bill."""
        july, august = billed.bills
        reads(billed, 1000, (JULY, AUGUST))
        reads(billed, 8000, (AUGUST, SEPTEMBER))

        with pytest.raises(FoundByTheGate) as caught:
            correct(billed, july, august)

        assert caught.value.where == july
        assert f"something is found of {august}, too (`--dry-run` shows it)" in caught.value.what
        assert set(caught.value.codes) >= {"gate.jump", "gate.band"}
        assert correct(billed, july, august, seen=caught.value.codes).corrected

    def test_with_findings_leaves_when_another_person_agrees(self, billed: Any) -> None:
        reads(billed, 800, (AUGUST, SEPTEMBER))

        (one,) = correct(billed, billed.bills[1], approved_by="Bob").corrected

        kept = json.loads(billed.store.correction_of(one.bill.bill_id).decision)
        assert (kept["approved_by"], kept["gate"]["seen"]) == ("Bob", [])

    def test_above_the_ceiling_takes_two_people(self, billed: Any) -> None:
        """As a bill of a run does: what a wrong register makes of a bill is not sent by one."""
        reads(billed, 90_000, (JULY, AUGUST))
        bill = billed.bills[0]

        for second in ("", "  ana "):
            with pytest.raises(AboveTheCeiling, match=r"is above the ceiling of \$[\d,.]+ for res"):
                correct(billed, bill, approved_by=second)
        assert billed.store.bill(bill).cancelled_by is None
        assert correct(billed, bill, dry_run=True).corrected

        (one,) = correct(billed, bill, approved_by="Bob").corrected

        kept = billed.store.correction_of(one.bill.bill_id)
        assert json.loads(kept.decision)["approved_by"] == "Bob"
        assert (kept.approved_by, kept.by_two) == ("Bob", True)
        assert 0 < kept.ceiling_cents < one.bill.total_cents
        assert billed.replay(one.bill.bill_id).same_bytes
        reads(billed, 80_000, (JULY, AUGUST))
        with pytest.raises(FoundByTheGate):
            correct(billed, one.bill.bill_id, known_at=LATER)
        found = ["gate.band", "gate.price", "gate.amount", "gate.ceiling"]
        assert correct(billed, one.bill.bill_id, known_at=LATER, seen=found).corrected

    def test_on_a_day_before_the_bill_was_issued_is_refused(self, billed: Any) -> None:
        reads(billed, 90)

        with pytest.raises(RebillRefused, match="was issued on 2025-09-01, after 2025-08-31"):
            correct(billed, billed.bills[0], on=date(2025, 8, 31))
        assert correct(billed, billed.bills[0], on=SEPTEMBER).corrected

    def test_twice_is_once(self, billed: Any) -> None:
        reads(billed, 90)
        (one,) = correct(billed, billed.bills[0]).corrected
        sums = billed.store.trial_balance()

        again = correct(billed, billed.bills[0], author="Bob")

        assert again.known == [(billed.bills[0], one.bill.bill_id)]
        assert again.corrected == []
        assert billed.store.trial_balance() == sums

    def test_of_two_at_once_one_wins(self, billed: Any, towns: ModuleType) -> None:
        reads(billed, 90)

        def do(author: str) -> RebillRun:
            with billed.store.viewing(towns.VIEWER, []):
                return correct(billed, billed.bills[0], author=author)

        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(do, ["Ana", "Bob"]))

        assert sorted(len(one.corrected) for one in runs) == [0, 1]
        assert sorted(len(one.known) for one in runs) == [0, 1]
        assert len(billed.store.bills_of_account(billed.account_id(1))) == 2

    def test_several_are_one_case(self, billed: Any) -> None:
        reads(billed, 90)

        run = correct(billed, *reversed(billed.bills))

        assert [one.cancelled.bill_id for one in run.corrected] == billed.bills
        kept = billed.store.corrections_of_account(billed.account_id(1))
        assert {one.case_id for one in kept} == {f"case:{billed.bills[0]}"}
        assert {(one.author, one.cause) for one in kept} == {("Ana", CorrectionCause.READING)}

    def test_leaves_out_what_comes_out_as_it_was(self, billed: Any) -> None:
        reads(billed, 90, (JULY, AUGUST))

        run = correct(billed, *billed.bills)

        assert [one.cancelled.bill_id for one in run.corrected] == billed.bills[:1]
        assert run.unchanged == billed.bills[1:]

    def test_a_corrected_bill_is_corrected_again(self, billed: Any) -> None:
        reads(billed, 90)
        (one,) = correct(billed, billed.bills[0]).corrected
        reads(billed, 80)

        (two,) = correct(billed, one.bill.bill_id, known_at=LATER).corrected

        assert two.bill.bill_id == f"{billed.bills[0]}-v3"
        assert billed.replay(two.bill.bill_id).same_bytes

    def test_a_dry_run_records_nothing(self, billed: Any) -> None:
        reads(billed, 90)

        run = correct(billed, billed.bills[0], dry_run=True)

        assert run.corrected[0].difference_cents < 0
        assert billed.store.corrections_of_account(billed.account_id(1)) == []


class TestManyMonthsAtOnce:
    """Each month is compared with what the others of the same correction will be."""

    USUAL, WRONG = 1000, 25  # watt-hours a quarter-hour: as they are, and through a wrong ratio
    FIRST = date(2025, 6, 1)

    def months(self, town: Any, right_until: date, until: date) -> list[str]:
        """Service since June, billed right until a day, and after it at a fortieth of the use."""
        town.start(1, from_day=self.FIRST)
        if right_until > self.FIRST:
            town.read("M1", (self.FIRST, right_until), lambda day, count: [self.USUAL] * count)
        span = (right_until, until)
        town.read("M1", span, lambda day, count: [self.WRONG] * count)
        made = [one.bill_id for one in town.bill(1, on=until).issued]
        town.read("M1", span, lambda day, count: [self.USUAL] * count, learned_at=LATER)
        return [one for one in made if town.store.bill(one).days.from_day >= right_until]

    @pytest.fixture
    def wrong(self, town: Any) -> list[str]:
        """Twelve months through a wrong multiplier, after two through the right one."""
        return self.months(town, date(2025, 8, 1), date(2026, 8, 1))

    def correct(self, town: Any, *bills: str, **how: Any) -> RebillRun:
        return correct(town, *bills, on=date(2026, 12, 2), known_at=LATER, **how)

    def found(self, run: RebillRun) -> dict[str, list[str]]:
        return {
            one.cancelled.bill_id: [each.code for each in one.findings]
            for one in run.corrected
            if one.findings
        }

    def test_of_a_wrong_multiplier_need_no_word_of_what_was_seen(
        self, town: Any, wrong: list[str]
    ) -> None:
        assert len(wrong) == 12

        run = self.correct(town, *wrong)

        assert len(run.corrected) == 12
        assert self.found(run) == {}
        for one in run.corrected:
            assert town.replay(one.bill.bill_id).same_bytes

    def test_alone_each_differs_from_its_neighbors_that_are_wrong_still(
        self, town: Any, wrong: list[str]
    ) -> None:
        run = self.correct(town, wrong[6], dry_run=True)

        assert self.found(run) == {wrong[6]: ["gate.jump", "gate.band"]}

    def test_of_which_one_is_absurd_are_asked_about_it(self, town: Any, wrong: list[str]) -> None:
        """February at ten times the use: it is found, and so is what comes after it."""
        february = (date(2026, 2, 1), date(2026, 3, 1))
        town.read("M1", february, lambda day, count: [10_000] * count, learned_at=LATER)

        run = self.correct(town, *wrong, dry_run=True)

        found = self.found(run)
        assert {"gate.jump", "gate.band"} <= set(found[wrong[6]])
        assert set(found) <= {wrong[6], wrong[7]}
        with pytest.raises((FoundByTheGate, AboveTheCeiling)):
            self.correct(town, *wrong)
        assert town.store.bill(wrong[0]).cancelled_by is None

    def test_all_absurd_are_found_by_last_year(self, town: Any) -> None:
        """They fit each other, and not the year that nobody corrects."""
        wrong = self.months(town, date(2026, 6, 1), date(2026, 11, 1))
        span = (date(2026, 6, 1), date(2026, 11, 1))
        town.read("M1", span, lambda day, count: [8000] * count, learned_at=LATER)

        run = self.correct(town, *wrong, dry_run=True)

        assert (len(wrong), set(self.found(run))) == (5, set(wrong))
        assert all("gate.band" in codes for codes in self.found(run).values())

    def test_that_change_no_energy_measure_each_other_as_they_did(self, town: Any) -> None:
        """Much less is used than last year, for good: that left by the bill before, and does."""
        wrong = self.months(town, date(2026, 6, 1), date(2026, 11, 1))
        span = (date(2026, 6, 1), date(2026, 11, 1))
        town.read("M1", span, lambda day, count: [self.WRONG] * count, learned_at=LATER)
        (service,) = town.store.services_of_account(town.account_id(1), LATER)
        agreement = service.agreement.agreement_id
        town.store.put_on_schedule(agreement, "1M-overnight", FOUND, [])

        run = self.correct(town, *wrong[1:], dry_run=True)

        assert [one.cancelled.bill_id for one in run.corrected] == wrong[1:]
        assert self.found(run) == {}

    def test_since_the_first_day_of_service_are_asked_of_the_first_alone(self, town: Any) -> None:
        """Nothing else tells that the new multiplier is right: one look, and not twelve."""
        wrong = self.months(town, self.FIRST, date(2026, 6, 1))

        run = self.correct(town, *wrong, dry_run=True)

        assert len(wrong) == 12
        assert self.found(run) == {wrong[0]: ["gate.jump", "gate.band"]}
        with pytest.raises(FoundByTheGate):
            self.correct(town, *wrong)
        assert self.correct(town, *wrong, seen=["gate.jump", "gate.band"]).corrected


class TestReplay:
    def test_of_the_cancelled_and_the_corrected_bill_is_to_the_byte(self, billed: Any) -> None:
        reads(billed, 90)
        run = correct(billed, *billed.bills)
        reads(billed, 10)

        for one in run.corrected:
            assert billed.replay(one.cancelled.bill_id).same_bytes
            again = billed.replay(one.bill.bill_id)
            assert again.differences == ()
            assert again.bill.record() == one.bill.record()

    def test_of_what_is_not_adjusted_is_to_the_byte(self, billed: Any) -> None:
        """A year later an undercharge of July lies beyond the limit, and August within it."""
        for month in range(9, 20):
            first = date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 1)
            until = date(2025 + month // 12, month % 12 + 1, 1)
            billed.read("M1", (first, until), lambda day, count: [100] * count)
        billed.bill(1, on=date(2026, 8, 1))
        reads(billed, 110)

        run = correct(billed, *billed.bills, on=date(2026, 8, 2))

        july, august = run.corrected
        assert (july.adjusted, july.difference_cents) == (False, 0)
        assert august.adjusted
        assert august.difference_cents > 0
        assert july.left_cents < 0
        assert sum(line.cents for line in july.bill.lines if line.unit == "adjustment") < 0
        for one in run.corrected:
            assert billed.replay(one.bill.bill_id).same_bytes


class TestCauses:
    def test_of_other_readings_is_the_reading_and_the_tax_on_it(self, billed: Any) -> None:
        reads(billed, 90)

        (one,) = correct(billed, billed.bills[0]).corrected

        assert {part.cause for part in one.parts} == {CorrectionCause.READING, CorrectionCause.TAX}
        assert sum(part.cents for part in one.parts) == one.difference_cents

    def test_are_kept_with_the_correction(self, billed: Any) -> None:
        reads(billed, 90)
        (one,) = correct(billed, billed.bills[0]).corrected

        kept = json.loads(billed.store.correction_of(one.bill.bill_id).decision)

        assert [part["cause"] for part in kept["causes"]] == ["reading", "tax"]
        assert kept["overcharge_usd"] != "0.00"
        assert kept["repayment"] is None


class TestLimits:
    def test_offer_an_undercharge_over_twice_its_periods(self, billed: Any) -> None:
        reads(billed, 110)

        run = correct(billed, *billed.bills)

        assert run.decision is not None
        offer = run.decision.outcome.repayment
        assert offer is not None
        assert offer.amount_cents == sum(one.difference_cents for one in run.corrected)
        assert offer.months_offered == 4
        paid = offer.instalment_cents * (offer.months - 1) + offer.last_instalment_cents
        assert paid == offer.amount_cents

    def test_leave_less_than_a_dollar_as_it_was_issued(self, billed: Any) -> None:
        billed.read("M1", (JULY, date(2025, 7, 2)), lambda day, count: [105] * count)

        run = correct(billed, billed.bills[0])

        assert run.corrected == []
        (left,) = run.left
        assert "is less than $1.00" in left.reason
        assert 0 < left.difference_cents < 100
        assert billed.store.left_differences([billed.account_id(1)]) == [left]
        assert billed.store.bill(billed.bills[0]).cancelled_by is None

    def test_leave_the_error_of_a_meter_within_its_limits(self, billed: Any) -> None:
        reads(billed, 90)

        run = correct(billed, *billed.bills, evidence=Evidence(meter_error_within_limits=True))

        assert run.corrected == []
        assert len(run.left) == 2


class TestRefuses:
    def test_a_bill_that_is_not_there(self, billed: Any) -> None:
        with pytest.raises(NotFound, match="There is no bill B-1"):
            correct(billed, "B-1")

    @pytest.mark.parametrize(
        ("told", "said"),
        [({"author": " "}, "Nobody is named"), ({"reason": ""}, "No reason is named")],
    )
    def test_who_does_not_sign_or_say_why(
        self, billed: Any, told: dict[str, str], said: str
    ) -> None:
        with pytest.raises(RebillRefused, match=said):
            correct(billed, billed.bills[0], **told)

    def test_no_bill_at_all(self, billed: Any) -> None:
        with pytest.raises(RebillRefused, match="No bill is named"):
            correct(billed)

    def test_a_bill_that_comes_out_as_it_was_issued(self, billed: Any) -> None:
        with pytest.raises(RebillRefused, match="comes out as it was issued"):
            correct(billed, billed.bills[0])

    def test_bills_of_two_agreements(self, billed: Any) -> None:
        billed.start(2)
        billed.read("M2", (JULY, AUGUST))
        (other,) = billed.bill(2, on=AUGUST).issued

        with pytest.raises(RebillRefused, match="The bills are of agreements"):
            correct(billed, billed.bills[0], other.bill_id)

    def test_bills_of_both_sides_of_a_rate_option_are_one_correction(self, billed: Any) -> None:
        change_rate(
            account_id=billed.account_id(1), schedule="1M-overnight", asked=date(2025, 8, 20),
            learned_at=FOUND, view=billed.book.as_known(FOUND.date()), store=billed.store,
        )  # fmt: skip
        billed.read("M1", (SEPTEMBER, date(2025, 10, 1)), lambda day, count: [100] * count)
        (after,) = billed.bill(1, on=date(2025, 10, 1), known_at=FOUND).issued
        reads(billed, 90, (JULY, date(2025, 10, 1)))

        run = correct(
            billed,
            *billed.bills,
            after.bill_id,
            on=date(2025, 10, 20),
            known_at=LATER,
            dry_run=True,
        )

        assert after.schedule == "1M-overnight"
        assert [one.adjusted for one in run.corrected] == [True, True, True]

    def test_several_of_which_one_is_cancelled(self, billed: Any) -> None:
        reads(billed, 90)
        correct(billed, billed.bills[0])

        with pytest.raises(Conflict, match="is cancelled already"):
            correct(billed, *billed.bills)

    def test_a_period_with_a_gap(self, billed: Any) -> None:
        billed.read("M1", (JULY, date(2025, 7, 2)), lambda day, count: [None] * count)

        with pytest.raises(CannotRebill, match="there is no bill for this period"):
            correct(billed, billed.bills[0])
