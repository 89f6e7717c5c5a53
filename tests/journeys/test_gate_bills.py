"""The gate of a run: what is held waits as a case, people let it out, and a run that errs stops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.town import VIEWER, Town, Values, even

from meterledger.billing import ADJUSTMENT
from meterledger.facts.bills import Bill
from meterledger.facts.held import HeldAct, HeldState, RunRecord, RunState, run_id_of
from meterledger.usecases import settle_held
from meterledger.usecases.gate_bills import (
    NoGate,
    RunIsStopped,
    may_collect_automatically,
)
from meterledger.usecases.issue_bills import BillRun
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill import rebill
from meterledger.usecases.settle_held import (
    CannotSettle,
    Desk,
    approve_held,
    exclude_held,
    findings_of_bill,
    let_go_run,
    release_held,
    reopen_held,
    rerun_held,
    waive_held,
)
from meterledger.usecases.start_service import stop_service
from meterledger.usecases.unbilled import Unbilled, unbilled

GATE = datetime(2026, 11, 29, 12, tzinfo=UTC)
NEXT = datetime(2026, 11, 30, 12, tzinfo=UTC)
JULY, AUGUST, SEPTEMBER = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)
MANY = range(101, 161)


@pytest.fixture
def town() -> Iterator[Town]:
    made = Town()
    with made.store.viewing(VIEWER, ["the town"]):
        yield made


def summer(july_wh: int, august_wh: int) -> Values:
    """Watt-hours of each quarter-hour in July, and in August."""
    return lambda day, count: [july_wh if day < AUGUST else august_wh] * count


def home(town: Town, number: int, july_wh: int = 300, august_wh: int = 300, **how: Any) -> None:
    town.start(number, **how)
    values = summer(july_wh, august_wh)
    town.read(f"M{number}", (JULY, SEPTEMBER), values, seconds=3600)


def bill(town: Town, *numbers: int, on: date = SEPTEMBER, at: datetime = GATE, **how: Any) -> Any:
    return town.bill(*numbers, on=on, known_at=at, **how)


def desk(town: Town, *, on: date = SEPTEMBER, now: datetime = NEXT) -> Desk:
    return Desk(town.store, town.lake, town.book, on, now)


def held_home(town: Town, number: int = 1) -> tuple[Bill, str]:
    """A home whose August is far above its July: its July bill, and the case of August."""
    home(town, number, 300, 8000)
    run = bill(town, number)
    (case,) = town.store.held_cases(account_id=town.account_id(number))
    return run.issued[0], case.case_id


class TestABillThatIsFarFromUsual:
    def test_waits_with_its_findings_and_the_one_before_leaves(self, town: Town) -> None:
        july, name = held_home(town)

        case = town.store.held_case(name)
        assert july.days.until_day == AUGUST
        assert (case.state, case.seen.code, case.needs_two) == (
            *(HeldState.OPEN, "gate.band", False),
        )
        assert case.seen.sentence.startswith(
            "Account 0000000018, meter M1, 2025-08-01 to 2025-09-01: 192.0 kWh a day is 2666 "
            "percent of the bill before (7.2 kWh a day), beyond 600 percent"
        )

    def test_waits_in_a_dry_run_too_and_nothing_is_kept(self, town: Town) -> None:
        home(town, 1, 300, 8000)

        run = bill(town, 1, dry_run=True)

        assert (run.issued_count, [one.code for one in run.held]) == (1, ["gate.band"])
        assert (town.store.held_cases(), town.store.bill_runs()) == ([], [])

    def test_leaves_when_a_person_releases_it_with_the_bytes_it_would_have_had(
        self, town: Town
    ) -> None:
        _, name = held_home(town)

        settled = release_held(name, by="Ana", reason="a new heat pump", desk=desk(town))

        assert settled.case.state is HeldState.BILLED
        assert settled.run is not None
        (august,) = settled.run.issued
        assert town.store.held_case_of_bill(august.bill_id) == [settled.case]
        assert [one.code for _, one in findings_of_bill(august.bill_id, town.store)] == [
            "gate.band"
        ]
        record = town.store.bill(august.bill_id).record
        assert b"gate" not in record
        assert b"Ana" not in record
        assert town.replay(august.bill_id).same_bytes

    def test_is_held_again_if_it_is_another_bill_than_the_one_released(self, town: Town) -> None:
        _, name = held_home(town)
        town.read("M1", (AUGUST, SEPTEMBER), even(9000), learned_at=GATE, seconds=3600)

        settled = release_held(name, by="Ana", reason="a new heat pump", desk=desk(town))

        assert settled.run is not None
        assert settled.run.issued == []
        assert settled.case.state is HeldState.OPEN

    def test_leaves_by_itself_when_its_readings_are_corrected(self, town: Town) -> None:
        _, name = held_home(town)
        town.read("M1", (AUGUST, SEPTEMBER), even(310), learned_at=GATE, seconds=3600)

        settled = rerun_held(name, desk=desk(town))

        assert settled.case.state is HeldState.BILLED
        assert settled.case.steps[-1].by == ""

    def test_never_becomes_an_estimate(self, town: Town) -> None:
        town.start(1)
        town.read("M1", (JULY, AUGUST), even(300), seconds=3600)
        bill(town, 1)
        (case,) = town.store.held_cases()

        for _ in range(2):
            settled = rerun_held(case.case_id, desk=desk(town))

        assert settled.case.seen.code == "usage.gap"
        assert settled.case.state is HeldState.OPEN

    def test_needs_a_name_and_a_reason(self, town: Town) -> None:
        _, name = held_home(town)

        with pytest.raises(CannotSettle, match="Who decides, and why, is missing"):
            release_held(name, by="Ana", reason=" ", desk=desk(town))

    def test_of_which_there_is_none_cannot_be_released(self, town: Town) -> None:
        town.start(1)
        bill(town, 1, on=AUGUST)
        (case,) = town.store.held_cases()

        with pytest.raises(CannotSettle, match=r"held by usage\.gap cannot be released.*There is"):
            release_held(case.case_id, by="Ana", reason="go", desk=desk(town))


class TestAPeriodLeftUncharged:
    def left(self, town: Town, **home_of: Any) -> tuple[str, Bill]:
        _, name = held_home(town)
        waive_held(name, by="Ana", reason="the meter ran wild", desk=desk(town))
        settled = approve_held(name, by="Bob", reason="so it is", desk=desk(town))
        assert settled.run is not None
        (august,) = settled.run.issued
        return name, august

    def test_has_a_bill_at_zero_that_says_why_and_later_periods_go_on(self, town: Town) -> None:
        name, august = self.left(town)

        assert (august.total_cents, august.usage.energy_wh > 0) == (0, True)
        assert august.days.until_day == SEPTEMBER
        left = [line for line in august.lines if line.unit == ADJUSTMENT]
        assert {line.label.split(": ")[-1].lower() for line in left} == {"not charged"}
        assert august.reasons[0].finding == "two people left this period uncharged on 2025-09-01"
        case = town.store.held_case(name)
        assert (case.state, case.steps[-2].act) == (HeldState.BILLED, HeldAct.APPROVED)
        assert town.replay(august.bill_id).same_bytes
        assert b"Ana" not in town.store.bill(august.bill_id).record

        town.read("M1", (SEPTEMBER, date(2025, 10, 1)), even(300), seconds=3600, learned_at=NEXT)
        run = bill(town, 1, on=date(2025, 10, 1), at=NEXT + timedelta(hours=1))
        assert (run.due, run.issued_count + run.held_count) == (1, 1)

    def test_stays_uncharged_when_its_bill_is_corrected(self, town: Town) -> None:
        _, august = self.left(town)
        town.read("M1", (AUGUST, SEPTEMBER), even(7000), learned_at=NEXT, seconds=3600)
        (made,) = rebill(
            [august.bill_id], author="Ana", reason="read again", on=date(2025, 9, 20),
            known_at=NEXT + timedelta(hours=1), store=town.store, lake=town.lake, book=town.book,
            seen=["gate.band"],
        ).corrected  # fmt: skip
        assert made.bill.total_cents == 0
        assert town.replay(made.bill.bill_id).same_bytes
        assert town.replay(august.bill_id).same_bytes

    def test_waits_for_another_person_and_is_held_until_then(self, town: Town) -> None:
        _, name = held_home(town)
        waive_held(name, by="Ana", reason="the meter ran wild", desk=desk(town))

        assert bill(town, 1, at=NEXT).held_count == 1
        with pytest.raises(Conflict, match="would leave this period uncharged and cannot approve"):
            approve_held(name, by="ana ", reason="so it is", desk=desk(town))
        reopen_held(name, by="Ana", reason="it was right", desk=desk(town))
        settled = release_held(name, by="Ana", reason="it was right", desk=desk(town))
        assert settled.run is not None
        assert settled.run.issued[0].total_cents > 0

    def test_of_another_amount_than_was_seen_waits_again(self, town: Town) -> None:
        _, name = held_home(town)
        waive_held(name, by="Ana", reason="the meter ran wild", desk=desk(town))
        town.read("M1", (AUGUST, SEPTEMBER), even(9000), learned_at=GATE, seconds=3600)
        bill(town, 1, at=NEXT)
        with pytest.raises(CannotSettle, match="needs no approval"):
            approve_held(name, by="Bob", reason="so it is", desk=desk(town))

    def test_that_two_left_and_whose_reads_changed_is_run_again_first(self, town: Town) -> None:
        _, name = held_home(town)
        waive_held(name, by="Ana", reason="the meter ran wild", desk=desk(town))
        town.read("M1", (AUGUST, SEPTEMBER), even(9000), learned_at=GATE, seconds=3600)
        approve_held(name, by="Bob", reason="so it is", desk=desk(town))
        later = desk(town, now=NEXT + timedelta(hours=1))
        with pytest.raises(CannotSettle, match="Nothing is charged for this period") as no:
            waive_held(name, by="Ana", reason="it is still wild", desk=later)
        assert f"`meterledger held rerun {name}`" in no.value.do

        rerun_held(name, desk=later)
        assert (town.store.held_case(name).seen.total_cents or 0) > 0
        waive_held(name, by="Ana", reason="it is still wild", desk=later)
        settled = approve_held(name, by="Bob", reason="so it is", desk=later)
        assert settled.run is not None
        assert [one.total_cents for one in settled.run.issued] == [0]

    def test_without_a_bill_is_refused_with_what_can_be_done(self, town: Town) -> None:
        town.start(1)
        bill(town, 1, on=AUGUST)
        (case,) = town.store.held_cases()
        with pytest.raises(CannotSettle, match="no bill of this period that could be") as no:
            waive_held(case.case_id, by="Ana", reason="go", desk=desk(town))
        assert "Get the missing readings" in no.value.do

    def test_that_is_excluded_is_reopened_first(self, town: Town) -> None:
        _, name = held_home(town)
        exclude_held(name, by="Ana", reason="in dispute", desk=desk(town))
        with pytest.raises(Conflict, match="has excluded this bill"):
            waive_held(name, by="Bob", reason="the meter ran wild", desk=desk(town))


class TestAnExclusion:
    def test_is_counted_apart_and_lasts_until_it_is_taken_back(self, town: Town) -> None:
        _, name = held_home(town)
        exclude_held(name, by="Ana", reason="in dispute", desk=desk(town))

        run: BillRun = bill(town, 1, at=NEXT)

        assert (run.due, run.issued_count, run.held_count, len(run.excluded)) == (1, 0, 0, 1)
        with pytest.raises(CannotSettle, match="The case is excluded"):
            rerun_held(name, desk=desk(town))
        reopen_held(name, by="Ana", reason="settled", desk=desk(town))
        assert bill(town, 1, at=NEXT + timedelta(hours=1)).held_count == 1

    def test_lasts_when_service_ends_inside_its_days(self, town: Town) -> None:
        """The window is another one then, and nobody has said that it may be billed."""
        _, name = held_home(town)
        exclude_held(name, by="Ana", reason="in dispute", desk=desk(town))
        (service,) = town.services(1, known_at=NEXT)
        gone = date(2025, 8, 20)
        stop_service(
            agreement_id=service.agreement.agreement_id,
            last_day_out=gone,
            learned_at=NEXT,
            store=town.store,
        )

        run = bill(town, 1, at=NEXT + timedelta(hours=1))
        assert (run.due, run.issued_count, len(run.excluded)) == (1, 0, 1)
        (one,) = told(town, date(2025, 10, 2))
        assert (one.code, one.case_id) == ("excluded", name)

        reopen_held(name, by="Bob", reason="settled", desk=desk(town, now=NEXT))
        (held,) = bill(town, 1, at=NEXT + timedelta(hours=2)).held
        assert held.days is not None
        assert held.days.until_day == gone
        assert town.store.held_case(name).state is HeldState.REPLACED

    def test_made_while_a_run_is_on_its_way_keeps_the_bill(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, name = held_home(town)
        home(town, 2)
        town.read("M1", (AUGUST, SEPTEMBER), even(300), seconds=3600)
        usage = town.lake.usage

        def slow(*what: Any, **how: Any) -> Any:
            if town.store.held_case(name).state is HeldState.OPEN:
                exclude_held(name, by="Ana", reason="in dispute", desk=desk(town))
            return usage(*what, **how)

        monkeypatch.setattr(town.lake, "usage", slow)
        run = bill(town, 1, 2, at=NEXT)

        assert [case.case_id for case in run.excluded] == [name]
        assert {one.account_id for one in run.issued} == {town.account_id(2)}
        assert town.store.held_case(name).state is HeldState.EXCLUDED

    def test_that_was_never_made_cannot_be_taken_back(self, town: Town) -> None:
        _, name = held_home(town)
        with pytest.raises(CannotSettle, match="Nobody has decided this case"):
            reopen_held(name, by="Ana", reason="settled", desk=desk(town))


class TestKeptBackAtTheLastInstant:
    """The gate looked, then a person decided, and only then the batch came to be recorded."""

    def decides(self, town: Town, monkeypatch: pytest.MonkeyPatch, decide: Any) -> None:
        keep = town.store.record_bills
        waiting = [decide]

        def record_bills(bills: Any) -> set[str]:
            while waiting:
                with town.store.viewing(VIEWER, ["a held bill"]):
                    waiting.pop()()
            return keep(bills)

        monkeypatch.setattr(town.store, "record_bills", record_bills)

    def test_an_excluded_bill_stays_and_its_neighbors_leave(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, name = held_home(town)
        town.read("M1", (AUGUST, SEPTEMBER), even(300), seconds=3600)
        for number in (2, 3):
            home(town, number)

        def exclude() -> None:
            exclude_held(name, by="Ana", reason="in dispute", desk=desk(town))

        assert bill(town, 2, 3, on=AUGUST, at=NEXT).issued_count == 2
        self.decides(town, monkeypatch, exclude)
        run = bill(town, 1, 2, 3, at=NEXT)

        assert [case.case_id for case in run.excluded] == [name]
        assert {one.account_id for one in run.issued} == {town.account_id(2), town.account_id(3)}
        assert (run.due, run.issued_count, run.held_count) == (3, 2, 0)
        assert town.store.held_case(name).state is HeldState.EXCLUDED

    def test_a_release_taken_back_holds_that_bill_alone(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.start(1)
        town.read("M1", (JULY, AUGUST), even(60_000), seconds=3600)
        bill(town, 1, on=AUGUST)
        (case,) = town.store.held_cases()
        name, at = case.case_id, desk(town, on=AUGUST)
        release_held(name, by="Ana", reason="a greenhouse", desk=at)
        monkeypatch.setattr(settle_held, "_run_again", lambda case, _: case)
        approve_held(name, by="Ben", reason="I saw it", desk=at)
        home(town, 2)
        self.decides(
            town,
            monkeypatch,
            lambda: reopen_held(name, by="Ana", reason="it was a fault after all", desk=at),
        )

        run = bill(town, 1, 2, on=AUGUST, at=NEXT)

        assert [one.account_id for one in run.issued] == [town.account_id(2)]
        (held,) = run.held
        assert held.code == "gate.ceiling"
        assert "is above the ceiling and was not let go by two people" in held.sentence
        assert town.store.held_case(name).state is HeldState.OPEN


class TestAboveTheCeiling:
    @pytest.fixture
    def name(self, town: Town) -> str:
        """A home whose first bill is of 44,640 kWh."""
        town.start(1)
        town.read("M1", (JULY, AUGUST), even(60_000), seconds=3600)
        bill(town, 1, on=AUGUST)
        (case,) = town.store.held_cases()
        assert [one.code for one in case.seen.findings] == ["gate.amount", "gate.ceiling"]
        return case.case_id

    def test_two_people_let_a_bill_go(self, town: Town, name: str) -> None:
        first = release_held(name, by="Ana", reason="a greenhouse", desk=desk(town, on=AUGUST))
        assert (first.case.state, first.run) == (HeldState.AWAITS_APPROVAL, None)
        assert bill(town, 1, on=AUGUST, at=NEXT).issued_count == 0

        second = approve_held(name, by="Ben", reason="I saw it", desk=desk(town, on=AUGUST))

        assert second.case.state is HeldState.BILLED
        assert [one.by for one in second.case.steps if one.by] == ["Ana", "Ben"]

    def test_one_person_alone_does_not(self, town: Town, name: str) -> None:
        release_held(name, by="Ana", reason="a greenhouse", desk=desk(town, on=AUGUST))

        with pytest.raises(Exception, match="Ana has released this bill and cannot approve it"):
            approve_held(name, by="ANA", reason="as I said", desk=desk(town, on=AUGUST))

    def test_a_bill_below_it_needs_no_second(self, town: Town) -> None:
        _, name = held_home(town)
        with pytest.raises(CannotSettle, match="not above the ceiling and needs no approval"):
            approve_held(name, by="Ben", reason="fine", desk=desk(town))


def many(town: Town, august_wh: int, *, missing: int = 0) -> None:
    """Sixty homes that were billed for July, of which some sent nothing in August."""
    for number in MANY:
        town.start(number)
        until = AUGUST if number < MANY[0] + missing else SEPTEMBER
        town.read(f"M{number}", (JULY, until), summer(300, august_wh), seconds=3600)
    assert bill(town, *MANY, on=AUGUST).issued_count == 60


class TestTheBreaker:
    def test_stops_a_run_of_which_too_much_is_held_before_anything_left(self, town: Town) -> None:
        many(town, 300, missing=16)

        run = bill(town, *MANY, scope="cycle 1", at=NEXT)

        assert run.issued_count == 0
        assert (run.due, run.held_count, run.waiting) == (60, 60, 44)
        assert run.stopped is not None
        assert run.stopped.sentence == (
            "16 of 60 windows are held, more than 25 percent: 44 windows wait"
        )
        assert [one.state for one in town.store.bill_runs()][0] is RunState.STOPPED

    def test_lets_a_run_pass_of_which_a_quarter_is_held(self, town: Town) -> None:
        many(town, 300, missing=15)

        run = bill(town, *MANY, at=NEXT)

        assert (run.issued_count, run.held_count, run.stopped) == (45, 15, None)

    def test_stops_where_every_bill_is_wrong_by_a_little(self, town: Town) -> None:
        """No bill is odd by itself: all of them are five times what they were."""
        many(town, 1500)

        run = bill(town, *MANY, at=NEXT)

        assert (run.issued_count, len(run.held), run.waiting) == (0, 0, 60)
        assert run.stopped is not None
        assert run.stopped.findings[0].code == "run.median"

    def test_lets_nothing_leave_until_a_named_person_lets_the_run_go(self, town: Town) -> None:
        many(town, 1500)
        home(town, 1)
        run = bill(town, *MANY, scope="cycle 1", at=NEXT)
        assert run.record is not None

        with pytest.raises(RunIsStopped, match=r"cycle 1: Run R-\w+ of 2025-09-01 was stopped"):
            bill(town, 1, at=NEXT)
        with pytest.raises(CannotSettle, match="Who decides, and why, is missing"):
            let_go_run(run.record.run_id, by="", reason="", store=town.store, now=NEXT)
        let_go_run(run.record.run_id, by="Ana", reason="a heat wave", store=town.store, now=NEXT)

        again = bill(town, *MANY, scope="cycle 1", at=NEXT + timedelta(hours=1))
        assert (again.issued_count, again.stopped) == (60, None)

    def test_stays_let_go_however_many_runs_the_day_has(self, town: Town) -> None:
        many(town, 1500)
        run = bill(town, *MANY, scope="cycle 1", at=NEXT)
        assert run.record is not None
        let_go_run(run.record.run_id, by="Ana", reason="a heat wave", store=town.store, now=NEXT)
        for number in range(150):
            other = f"case {number}"
            name = run_id_of(other, SEPTEMBER, NEXT)
            town.store.record_run(RunRecord(name, RunState.FINISHED, other, SEPTEMBER, NEXT))

        again = bill(town, *MANY, scope="cycle 1", at=NEXT + timedelta(hours=1))
        assert (again.issued_count, again.stopped) == (60, None)

    def test_keeps_no_release_while_a_run_stands_stopped(self, town: Town) -> None:
        _, name = held_home(town)
        many(town, 1500)
        bill(town, *MANY, at=NEXT)

        with pytest.raises(RunIsStopped):
            release_held(name, by="Ana", reason="a heat pump", desk=desk(town))
        assert town.store.held_case(name).state is HeldState.OPEN

    def test_keeps_bills_back_until_enough_were_looked_at(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Batches of one bill: the first ones are not recorded before the fiftieth was judged."""
        monkeypatch.setattr("meterledger.usecases.bill_batches.BATCH_METERS", 1)
        many(town, 1500)
        before = len(town.store.bill_runs())

        run = bill(town, *MANY, at=NEXT)

        assert run.issued_count == 0
        assert len(town.store.bill_runs()) == before + 1

    def test_that_has_no_gate_says_so(self, town: Town) -> None:
        home(town, 1, 300, 8000)
        run = bill(town, 1, at=datetime(2026, 11, 28, 12, tzinfo=UTC))
        assert (run.issued_count, run.held) == (2, [])
        assert run.gate_note == (
            "The book as known then holds no gate: no bill was looked at before it left."
        )


class TestAutopay:
    def test_collects_an_ordinary_bill_and_none_that_a_person_let_out(self, town: Town) -> None:
        july, name = held_home(town)
        view = town.book.as_known(NEXT.date())
        assert may_collect_automatically(july.bill_id, store=town.store, view=view).outcome is True

        settled = release_held(name, by="Ana", reason="a new heat pump", desk=desk(town))
        assert settled.run is not None
        august = settled.run.issued[0].bill_id
        decision = may_collect_automatically(august, store=town.store, view=view)

        assert decision.outcome is False
        assert decision.reasons[0].finding.startswith("192.0 kWh a day is 2666 percent")

    def test_collects_nothing_where_there_is_no_gate(self, town: Town) -> None:
        july, _ = held_home(town)
        with pytest.raises(NoGate, match="Collect nothing automatically"):
            may_collect_automatically(july.bill_id, store=town.store, view=town.view)


def told(town: Town, on: date) -> list[Unbilled]:
    view = town.book.as_known(NEXT.date())
    return list(unbilled(on, known_at=NEXT, store=town.store, view=view))


class TestWhoGotNoBill:
    def test_is_listed_once_a_cycle_and_more_has_passed(self, town: Town) -> None:
        home(town, 1)
        bill(town, 1, on=AUGUST)

        assert told(town, date(2025, 9, 5)) == []
        (one,) = told(town, date(2025, 9, 6))
        assert (one.code, one.since) == ("no_run", AUGUST)
        assert one.do == (
            "Bill it with `meterledger bill 0000000018 --on DAY`, or run its cycle with "
            "`meterledger bill-cycle 1 --on DAY`: DAY is today, for a bill is due, and late, by "
            "the day that it is dated."
        )

    def test_is_listed_with_the_reason_of_its_case(self, town: Town) -> None:
        _, name = held_home(town)
        (one,) = told(town, date(2025, 10, 2))
        assert (one.code, one.case_id, one.owner) == ("gate.band", name, "billing analysts")
        assert one.do == (
            "If the usage is wrong, correct the days of the meter. Look at it with "
            f"`meterledger held show {name}`."
        )

        exclude_held(name, by="Ana", reason="in dispute", desk=desk(town))
        (one,) = told(town, date(2025, 10, 2))
        assert (one.code, one.reason) == ("excluded", "Excluded by Ana: in dispute")
        assert f"reopen it with `meterledger held reopen {name} --by NAME" in one.do
