"""Events of meters and cases: kept once, never changed; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stores.paper_town import ANALYST, LATER, LEARNED, case_of, event_of

from meterledger.facts.events import CaseOnFile, CaseState, CaseStep, EventKind, MeterEvent
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store


def events(store: Store, *meters: str) -> list[MeterEvent]:
    with store.viewing(ANALYST, meters):
        return store.events(meter_ids=meters or None)


def cases(store: Store) -> list[CaseOnFile]:
    with store.viewing(ANALYST, []):
        return store.cases()


class TestEvents:
    def test_come_back_as_they_were_told_in_order_of_time(self, store: Store) -> None:
        late, early = event_of(minute=9), event_of("M-2", EventKind.LAST_GASP, sequence=2)

        assert store.record_events([late, early], name="events.csv") == 2

        assert events(store) == [early, late]
        assert events(store, "M-1") == [late]
        assert events(store, "M-9") == []

    def test_told_twice_are_kept_once(self, store: Store) -> None:
        told = [event_of(), event_of(minute=1, sequence=2)]
        store.record_events(told, name="events.csv")

        assert store.record_events(told, name="events.csv") == 0
        assert events(store) == told

    def test_told_by_another_file_are_kept_once(self, store: Store) -> None:
        store.record_events([event_of()], name="events.csv")
        again = replace(event_of(), source="f" * 64, sequence=77)

        more = event_of(minute=2, sequence=3)
        assert store.record_events([again, more], name="more.csv") == 1
        assert events(store)[0] == event_of()

    def test_told_twice_in_one_file_are_kept_once(self, store: Store) -> None:
        again = replace(event_of(), sequence=2)

        assert store.record_events([event_of(), again], name="events.csv") == 1

    def test_at_a_place_that_tells_another_are_refused_and_nothing_is_kept(
        self, store: Store
    ) -> None:
        store.record_events([event_of()], name="events.csv")
        other = event_of(minute=5)  # the same place of the same source
        fine = event_of(minute=6, sequence=6)

        with pytest.raises(Conflict, match=r"Place 1 of source e{16} is known with another event"):
            store.record_events([fine, other], name="events.csv")

        assert events(store) == [event_of()]

    def test_are_counted_by_kind_and_time(self, store: Store) -> None:
        told = [event_of(minute=n, sequence=n + 1) for n in range(3)]
        gasp = event_of(kind=EventKind.LAST_GASP, sequence=9)
        store.record_events([*told, gasp], name="events.csv")

        counts = store.event_counts(LEARNED, LEARNED + timedelta(minutes=2))

        assert counts == {"last_gasp": 1, "tamper": 2}

    def test_since_an_instant_and_as_known(self, store: Store) -> None:
        told = [event_of(minute=n, sequence=n + 1) for n in range(3)]
        store.record_events(told, name="events.csv")

        with store.viewing(ANALYST, []):
            assert store.events(since=LEARNED + timedelta(minutes=1)) == told[1:]
            assert store.events(known_at=LATER - timedelta(seconds=1)) == []

    def test_need_a_viewer(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.events()
        with pytest.raises(NotViewing):
            store.cases()


class TestCases:
    @pytest.fixture
    def told(self, store: Store) -> list[MeterEvent]:
        told = [event_of(minute=n, sequence=n + 1) for n in range(3)]
        store.record_events(told, name="events.csv")
        return told

    def test_come_back_with_their_evidence(self, store: Store, told: list[MeterEvent]) -> None:
        case = case_of(*told)

        assert store.record_cases([case]) == {case.case_id}

        assert cases(store) == [CaseOnFile(case)]
        assert cases(store)[0].state is CaseState.OPEN
        assert store.evidence_of_cases(["M-1"]) == set(case.evidence)
        assert store.evidence_of_cases(["M-2"]) == set()

    def test_are_opened_once(self, store: Store, told: list[MeterEvent]) -> None:
        store.record_cases([case_of(*told)])

        assert store.record_cases([case_of(*told)]) == set()
        assert store.record_cases([case_of(told[2])]) == set()  # it is evidence already

    def test_by_two_at_once_are_opened_once(self, store: Store, told: list[MeterEvent]) -> None:
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: store.record_cases([case_of(*told)]), range(4)))

        assert sum(len(one) for one in done) == 1

    def test_are_settled_in_steps(self, store: Store, told: list[MeterEvent]) -> None:
        case = case_of(*told).case_id
        store.record_cases([case_of(*told)])
        first = CaseStep(case, CaseState.IN_WORK, "Ana", "sent somebody", LATER)
        last = CaseStep(case, CaseState.CLOSED, "Bo", "seal was loose", LATER)

        store.settle_case(first)
        store.settle_case(last)

        (found,) = cases(store)
        assert found.steps == (first, last)
        assert found.state is CaseState.CLOSED
        with store.viewing(ANALYST, []):
            assert store.cases(state=CaseState.OPEN) == []
            assert store.cases(state=CaseState.CLOSED, meter_ids=["M-1"]) == [found]

    def test_that_are_closed_stay_closed(self, store: Store, told: list[MeterEvent]) -> None:
        case = case_of(*told).case_id
        store.record_cases([case_of(*told)])
        step = CaseStep(case, CaseState.CLOSED, "Bo", "seal was loose", LATER)
        store.settle_case(step)

        with pytest.raises(Conflict, match="It was closed by Bo: seal was loose"):
            store.settle_case(step)

    def test_that_nobody_opened_are_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match="There is no case tamper:M-1:x"):
            store.settle_case(CaseStep("tamper:M-1:x", CaseState.CLOSED, "Bo", "x", LATER))
