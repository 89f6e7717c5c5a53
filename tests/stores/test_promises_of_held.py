"""Held cases and runs of bills: added to, never changed; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import (
    ANALYST,
    CLAUSE,
    LATER,
    account_id,
    bill_of,
    held_of,
    month_of,
    rebill_of,
    start_of,
)

from meterledger.facts.bills import Bill
from meterledger.facts.held import (
    GateFinding,
    HeldAct,
    HeldCase,
    HeldState,
    HeldStep,
    RunCounts,
    RunRecord,
    RunState,
    SeenHold,
)
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.kept_back import KeptBack
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store

ON = month_of(0).until_day
NEXT_DAY = ON + timedelta(days=1)
FAR = GateFinding("gate.band", "Far from usual.", CLAUSE, (("gate_band_most_percent", "350"),))
HIGH = GateFinding("gate.ceiling", "Above the ceiling.", CLAUSE)


def seen_of(
    number: int, *findings: GateFinding, cents: int | None = None, ceiling: int | None = None
) -> SeenHold:
    held = held_of(number)
    if findings:
        held = replace(held, code=findings[0].code, sentence=findings[0].sentence)
    return SeenHold(held, findings, cents, 1000 if cents else None, ceiling)


def see(store: Store, *seen: SeenHold, on: date = ON, at: datetime = LATER) -> HeldCase:
    names = store.see_held(seen, on=on, learned_at=at)
    return case(store, names[seen[0].held.agreement_id])


def case(store: Store, name: str) -> HeldCase:
    with store.viewing(ANALYST, [name]):
        return store.held_case(name)


def cases(store: Store, *, with_ended: bool = False) -> list[HeldCase]:
    with store.viewing(ANALYST, ["held bills"]):
        return store.held_cases(with_ended=with_ended)


def act(act: HeldAct, by: str = "Ana", cents: int | None = None, **more: object) -> HeldStep:
    made = HeldStep(act, ON, LATER + timedelta(hours=1), by=by, reason="seen", total_cents=cents)
    return replace(made, **more)  # type: ignore[arg-type]


def settle(store: Store, name: str, step: HeldStep) -> HeldCase:
    with store.viewing(ANALYST, [name]):
        return store.settle_held(name, step)


def log_of(store: Any) -> list[tuple[str, date]]:
    """The log of what runs held: agreement and day, the oldest first."""
    if isinstance(store, MemoryStore):
        return [(held.agreement_id, on) for held, on, _ in store.held]
    with store.viewing(ANALYST, ["held bills"]):
        rows = store.read_snapshot(
            lambda one: one.execute(
                "SELECT agreement_id, on_day FROM held_bill ORDER BY id"
            ).fetchall()
        )
    return [(agreement, on) for agreement, on in rows]


def billed(store: Store, number: int) -> Bill:
    bill, entry = bill_of(number)
    assert store.record_bills([(bill, entry)]) == {bill.bill_id}
    return bill


class TestTheLogOfWhatRunsHeld:
    def test_says_once_what_two_runs_find_at_once(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        runs = [[seen_of(1), seen_of(2, FAR, cents=900)][::way] for way in (1, -1, 1, -1)]

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda seen: store.see_held(seen, on=ON, learned_at=LATER), runs))

        assert sorted(log_of(store)) == [(held_of(one).agreement_id, ON) for one in (1, 2)]
        assert len(cases(store)) == 2

    def test_says_again_what_is_found_otherwise_or_on_another_day(self, store: Store) -> None:
        name = held_of(1).agreement_id
        see(store, seen_of(1))
        see(store, seen_of(1, FAR, cents=900))
        see(store, seen_of(1, FAR, cents=900), on=NEXT_DAY)
        see(store, seen_of(1, FAR, cents=900), on=NEXT_DAY)
        assert log_of(store) == [(name, ON), (name, ON), (name, NEXT_DAY)]

    def test_says_nothing_of_a_bill_that_left_while_a_run_found_it_held(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        billed(store, 1)
        store.see_held([seen_of(1), seen_of(2)], on=NEXT_DAY, learned_at=LATER)
        assert log_of(store) == [(held_of(2).agreement_id, NEXT_DAY)]

    def test_has_what_people_keep_back_beside_its_case(self, store: Store) -> None:
        see(store, seen_of(1))
        store.record_held([held_of(1)], on=ON, learned_at=LATER)
        store.record_held([], on=ON, learned_at=LATER)
        assert log_of(store) == [(held_of(1).agreement_id, ON)] * 2


class TestACase:
    def test_is_opened_with_what_the_run_found(self, store: Store) -> None:
        made = see(store, seen_of(1, FAR, cents=900))

        assert (made.state, made.opened.code, made.seen.findings) == (
            *(HeldState.OPEN, "gate.band", (FAR,)),
        )
        assert (made.seen.total_cents, made.age_days(NEXT_DAY)) == (900, 1)
        assert cases(store) == [made]

    def test_seen_again_on_another_day_has_one_more_step(self, store: Store) -> None:
        see(store, seen_of(1))

        made = see(store, seen_of(1, FAR, cents=900), on=NEXT_DAY)

        assert [one.act for one in made.steps] == [HeldAct.OPENED, HeldAct.SEEN]
        assert made.seen.code == "gate.band"

    def test_seen_twice_by_the_same_run_stays_as_it_is(self, store: Store) -> None:
        first = see(store, seen_of(1))

        assert see(store, seen_of(1)) == first

    def test_is_ended_by_a_case_of_days_that_overlap(self, store: Store) -> None:
        first = see(store, seen_of(1))
        days = month_of(0)
        shorter = replace(days, until_day=days.until_day - timedelta(days=3))

        second = see(store, replace(seen_of(1), held=replace(held_of(1), days=shorter)))

        assert case(store, first.case_id).state is HeldState.REPLACED
        assert cases(store) == [second]

    def test_is_opened_once_by_many_runs_at_once(self, store: Store) -> None:
        with ThreadPoolExecutor(4) as workers:
            names = list(workers.map(lambda _: see(store, seen_of(1)).case_id, range(8)))

        assert len(set(names)) == 1
        assert [len(one.steps) for one in cases(store)] == [1]

    @pytest.mark.parametrize("what", [HeldAct.RELEASED, HeldAct.EXCLUDED, HeldAct.REOPENED])
    def test_on_which_many_say_the_same_at_once_is_decided_once(
        self, store: Store, what: HeldAct
    ) -> None:
        name = see(store, seen_of(1, FAR, cents=900)).case_id
        total = 900 if what is HeldAct.RELEASED else None
        said = act(what, "Ana", total, findings=(FAR,) if total else ())

        with ThreadPoolExecutor(12) as pool:
            told = list(pool.map(lambda _: settle(store, name, said), range(12)))

        assert [one.act for one in case(store, name).steps] == [HeldAct.OPENED, what]
        assert set(told) == {case(store, name)}

    def test_is_personal(self, store: Store) -> None:
        name = see(store, seen_of(1)).case_id

        with pytest.raises(NotViewing):
            store.held_case(name)
        with pytest.raises(NotViewing):
            store.held_cases()

    def test_that_nobody_opened_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match=r"There is no held case H-1\. List them with"):
            case(store, "H-1")


class TestABill:
    def test_ends_the_case_of_its_days_and_names_itself(self, store: Store) -> None:
        store.start_services([start_of(1)])
        name = see(store, seen_of(1)).case_id

        bill = billed(store, 1)

        ended = case(store, name)
        assert (ended.state, ended.steps[-1].bill_id) == (HeldState.BILLED, bill.bill_id)
        assert (cases(store), cases(store, with_ended=True)) == ([], [ended])
        with store.viewing(ANALYST, [bill.bill_id]):
            assert store.held_case_of_bill(bill.bill_id) == [ended]

    def test_that_left_while_a_run_found_it_held_opens_no_case(self, store: Store) -> None:
        """The run was on its way when a person let the bill go: nothing waits any more."""
        store.start_services([start_of(1), start_of(2)])
        first = see(store, seen_of(1))
        billed(store, 1)

        names = store.see_held([seen_of(1), seen_of(2)], on=NEXT_DAY, learned_at=LATER)

        assert list(names) == [seen_of(2).held.agreement_id]
        assert case(store, first.case_id).state is HeldState.BILLED
        assert [one.account_id for one in cases(store)] == [account_id(2)]

    def test_held_again_after_its_end_opens_a_second_case(self, store: Store) -> None:
        first = see(store, seen_of(1))
        days = month_of(0)
        shorter = replace(days, until_day=days.until_day - timedelta(days=3))
        see(store, replace(seen_of(1), held=replace(held_of(1), days=shorter)))

        second = see(store, seen_of(1), on=NEXT_DAY)

        assert (second.ordinal, second.state) == (2, HeldState.OPEN)
        assert second.case_id != first.case_id

    def test_above_the_ceiling_of_its_case_is_refused_until_two_people_let_it_go(
        self, store: Store
    ) -> None:
        store.start_services([start_of(1)])
        bill, entry = bill_of(1)
        total = bill.total_cents
        name = see(store, seen_of(1, HIGH, cents=total, ceiling=total - 1)).case_id
        with pytest.raises(Conflict, match="above the ceiling and was not let go by two people"):
            store.record_bills([(bill, entry)])

        settle(store, name, act(HeldAct.RELEASED, "Ana", total, findings=(HIGH,)))
        with pytest.raises(Conflict, match="above the ceiling"):
            store.record_bills([(bill, entry)])
        settle(store, name, act(HeldAct.APPROVED, "Ben", total))

        assert store.record_bills([(bill, entry)]) == {bill.bill_id}

    def test_excluded_is_refused_until_a_person_reopens_it(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, entry = bill_of(1)
        name = see(store, seen_of(1)).case_id
        settle(store, name, act(HeldAct.EXCLUDED, "Ana"))
        with pytest.raises(KeptBack, match="is of days that a person has excluded") as refused:
            store.record_bills([(bill, entry)])
        assert refused.value.excluded
        assert case(store, name).state is HeldState.EXCLUDED

        settle(store, name, act(HeldAct.REOPENED, "Ben"))

        assert store.record_bills([(bill, entry)]) == {bill.bill_id}

    def test_of_a_period_that_two_people_left_charges_nothing(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, entry = bill_of(1)
        name = see(store, seen_of(1, FAR, cents=900)).case_id
        settle(store, name, act(HeldAct.WAIVED, "Ana", 900, findings=(FAR,)))
        with pytest.raises(Conflict, match="would leave this period uncharged and cannot approve"):
            settle(store, name, act(HeldAct.APPROVED, " ana ", 900))
        left = settle(store, name, act(HeldAct.APPROVED, "Ben", 900))

        with store.viewing(ANALYST, [name]):
            assert store.waived_holds([bill.agreement_id]) == [left]
            assert store.waived_holds(["AG-other"]) == []
        with pytest.raises(KeptBack, match="charges a period that two people left uncharged"):
            store.record_bills([(bill, entry)])
        settle(store, name, act(HeldAct.REOPENED, "Ben"))
        assert store.record_bills([(bill, entry)]) == {bill.bill_id}

    def test_at_zero_ends_no_case_that_one_person_alone_left(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, _ = bill_of(1, cents=0)
        name = see(store, seen_of(1, FAR, cents=900)).case_id
        settle(store, name, act(HeldAct.WAIVED, "Ana", 900, findings=(FAR,)))
        with pytest.raises(KeptBack, match="asks nothing for a period that two people have not"):
            store.record_bills([(bill, None)])
        assert case(store, name).is_open

        settle(store, name, act(HeldAct.APPROVED, "Ben", 900))
        see(store, seen_of(1, FAR, cents=950), on=NEXT_DAY)
        with pytest.raises(KeptBack, match="of the period as it is now"):
            store.record_bills([(bill, None)])

        settle(store, name, act(HeldAct.WAIVED, "Ana", 950, findings=(FAR,)))
        settle(store, name, act(HeldAct.APPROVED, "Ben", 950))
        assert store.record_bills([(bill, None)]) == {bill.bill_id}
        assert case(store, name).state is HeldState.BILLED

    def test_at_zero_is_no_waiver_once_that_is_taken_back(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, _ = bill_of(1, cents=0)
        name = see(store, seen_of(1, FAR, cents=900)).case_id
        settle(store, name, act(HeldAct.WAIVED, "Ana", 900, findings=(FAR,)))
        settle(store, name, act(HeldAct.REOPENED, "Ana"))
        assert store.record_bills([(bill, None)]) == {bill.bill_id}

    def test_of_an_excluded_agreement_is_no_obstacle_to_a_correction(self, store: Store) -> None:
        """A corrected bill is for days that were billed, and ends no case."""
        store.start_services([start_of(1)])
        store.record_bills([bill_of(1)])
        unknown = replace(seen_of(1), held=replace(held_of(1), days=None))
        name = see(store, unknown).case_id
        settle(store, name, act(HeldAct.EXCLUDED, "Ana"))

        assert store.record_rebills([rebill_of(1)])

        assert case(store, name).state is HeldState.EXCLUDED

    def test_at_the_ceiling_needs_nobody(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, entry = bill_of(1)
        see(store, seen_of(1, HIGH, cents=9_999_999, ceiling=bill.total_cents))

        assert store.record_bills([(bill, entry)])


class TestADecision:
    @pytest.mark.parametrize("other", [HeldAct.EXCLUDED, HeldAct.RELEASED])
    def test_of_two_people_at_once_is_an_exclusion_first(
        self, store: Store, other: HeldAct
    ) -> None:
        """Whoever comes second sees the first: an exclusion is done once, and never let go over."""
        name = see(store, seen_of(1, FAR, cents=900)).case_id

        def decide(one: HeldStep) -> str:
            try:
                settle(store, name, one)
            except Conflict as refusal:
                return refusal.what
            return "done"

        both = [act(HeldAct.EXCLUDED, "Ana"), act(other, "Ben", 900, findings=(FAR,))]
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(decide, both))

        assert case(store, name).state is HeldState.EXCLUDED
        if other is HeldAct.EXCLUDED:
            assert told.count("done") == 1
        assert {one for one in told if one != "done"} <= {
            f"{who} has excluded this bill{more}: seen"
            for who in ("Ana", "Ben")
            for more in ("", " already")
        }

    def test_that_releases_stands_for_the_bill_as_it_was(self, store: Store) -> None:
        name = see(store, seen_of(1, FAR, cents=900)).case_id

        made = settle(store, name, act(HeldAct.RELEASED, "Ana", 900, findings=(FAR,)))
        assert made.state is HeldState.RELEASED
        with store.viewing(ANALYST, ["held bills"]):
            assert store.decided_holds() == [made]

        other = see(store, seen_of(1, FAR, cents=901), on=NEXT_DAY)
        assert (other.state, other.decided) == (HeldState.OPEN, None)

    def test_that_approves_is_of_another_person(self, store: Store) -> None:
        name = see(store, seen_of(1, HIGH, cents=900, ceiling=800)).case_id
        settle(store, name, act(HeldAct.RELEASED, "Ana", 900, findings=(HIGH,)))
        assert case(store, name).state is HeldState.AWAITS_APPROVAL

        with pytest.raises(Conflict, match="Ana has released this bill and cannot approve it"):
            settle(store, name, act(HeldAct.APPROVED, " ana ", 900))

        assert settle(store, name, act(HeldAct.APPROVED, "Ben", 900)).state is HeldState.RELEASED

    def test_that_approves_nothing_is_refused(self, store: Store) -> None:
        name = see(store, seen_of(1, HIGH, cents=900, ceiling=800)).case_id

        with pytest.raises(Conflict, match="Nobody has released this bill as it is now"):
            settle(store, name, act(HeldAct.APPROVED, "Ben", 900))

    def test_that_excludes_is_not_overrun_by_a_release(self, store: Store) -> None:
        name = see(store, seen_of(1, FAR, cents=900)).case_id
        settle(store, name, act(HeldAct.EXCLUDED, by="Ben"))

        with pytest.raises(Conflict, match="Ben has excluded this bill: seen"):
            settle(store, name, act(HeldAct.RELEASED, cents=900))
        settle(store, name, act(HeldAct.REOPENED))
        release = act(HeldAct.RELEASED, cents=900, findings=(FAR,))
        assert settle(store, name, release).state is HeldState.RELEASED

    def test_that_excludes_is_lifted_by_reopening(self, store: Store) -> None:
        name = see(store, seen_of(1)).case_id

        assert settle(store, name, act(HeldAct.EXCLUDED)).state is HeldState.EXCLUDED
        assert case(store, name).is_open
        assert settle(store, name, act(HeldAct.REOPENED)).state is HeldState.OPEN

    def test_of_a_case_that_ended_is_refused(self, store: Store) -> None:
        store.start_services([start_of(1)])
        name = see(store, seen_of(1)).case_id
        billed(store, 1)

        with pytest.raises(Conflict, match=f"case {name}: The case has ended: it is billed"):
            settle(store, name, act(HeldAct.EXCLUDED))


class TestPastBills:
    def test_are_those_about_the_window_and_a_year_before(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        bill, entry = bill_of(1)
        store.record_bills([(bill, entry), bill_of(2)])

        with store.viewing(ANALYST, ["a batch"]):
            after = store.bills_before([account_id(1)], month_of(1), 20)
            a_year = replace(
                month_of(0),
                from_day=month_of(0).from_day.replace(year=2026),
                until_day=month_of(0).until_day.replace(year=2026),
            )
            year = store.bills_before([account_id(1)], a_year, 20)
            never = store.bills_before([account_id(1)], month_of(5), 20)

        ((key, (past,)),) = after.items()
        assert key == (bill.account_id, bill.service_point_id)
        assert (past.bill_id, past.total_cents) == (bill.bill_id, bill.total_cents)
        assert past.energy_wh == bill.usage.energy_wh
        assert (after, {}) == (year, never)


STOPPED = RunRecord(
    "R-1",
    RunState.STOPPED,
    "cycle 5",
    ON,
    LATER,
    RunCounts(due=9, billed=3, held=5, excluded=1, total_cents=12, by_code=(("usage.gap", 5),)),
    (FAR,),
    "Too many are held.",
)


class TestARun:
    def test_comes_back_as_it_was_recorded(self, store: Store) -> None:
        assert store.record_run(STOPPED) is True
        assert store.record_run(STOPPED) is False

        assert (store.bill_runs(), store.bill_runs(on=NEXT_DAY)) == ([STOPPED], [])
        assert store.standing_stop() == STOPPED

    def test_that_was_stopped_stands_until_a_person_lets_it_go(self, store: Store) -> None:
        store.record_run(STOPPED)

        let_go = replace(STOPPED, state=RunState.LET_GO, by="Ana", reason="a storm")
        store.record_run(let_go)

        assert store.standing_stop() is None
        assert store.bill_runs() == [let_go, STOPPED]

    def test_that_was_not_stopped_cannot_be_let_go(self, store: Store) -> None:
        with pytest.raises(NotFound, match=r"No run R-1 was stopped\. List the runs with"):
            store.record_run(replace(STOPPED, state=RunState.LET_GO, by="Ana", reason="a storm"))


class TestTheClock:
    def test_says_the_newest_instant_and_day_that_are_kept(self, store: Store) -> None:
        before = store.clock()
        store.record_run(STOPPED)

        kept = store.clock()

        assert (before.newest_learned_at, before.newest_issued_day) == (None, None)
        assert (kept.newest_learned_at, kept.newest_issued_day) == (LATER, ON)
        assert kept.server is None or kept.server.tzinfo is UTC
