"""Events of a meter are a case for somebody: by count within days, or where power stays away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.rooms.rulebook_on import the_book

from meterledger.facts.events import EventCase, EventKind, MeterEvent
from meterledger.metering import EventTerms, event_terms, find_cases

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MUCH_LATER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def terms() -> EventTerms:
    return event_terms(the_book(), date(2026, 3, 10))


def event(kind: EventKind, after: timedelta = timedelta(), **details: str) -> MeterEvent:
    told = tuple(sorted(details.items()))
    return MeterEvent("M1", kind, NOON + after, "a.csv", 1, NOON, told)


def cases(terms: EventTerms, *events: MeterEvent, **more: Any) -> list[EventCase]:
    return find_cases(events, terms=terms, now=more.pop("now", MUCH_LATER), **more)


class TestACount:
    """Three reports of high voltage within seven days; one of tampering within thirty."""

    def test_of_one_is_enough_for_tampering(self, terms: EventTerms) -> None:
        (case,) = cases(terms, event(EventKind.TAMPER))

        assert case.queue == "revenue protection"
        assert case.sentence == "Meter M1 reported tamper at 2026-03-10T12:00:00Z."
        assert case.threshold == "1 within 30 days (event_tamper_count, assumed)"
        assert case.opened_at == NOON

    @pytest.mark.parametrize(
        ("third", "opened"),
        [
            (timedelta(days=7) - timedelta(seconds=1), 1),
            (timedelta(days=7), 0),  # seven days are over
        ],
    )
    def test_within_the_window_opens_a_case(
        self, third: timedelta, opened: int, terms: EventTerms
    ) -> None:
        told = [event(EventKind.VOLTAGE_HIGH, at) for at in (timedelta(), timedelta(1), third)]

        found = cases(terms, *told)

        assert len(found) == opened
        for case in found:
            assert case.evidence == tuple(one.event_id for one in told)
            assert "voltage high 3 times from 2026-03-10T12:00:00Z" in case.sentence

    def test_of_two_is_none(self, terms: EventTerms) -> None:
        told = [event(EventKind.VOLTAGE_LOW, timedelta(hours=n)) for n in range(2)]

        assert cases(terms, *told) == []

    def test_of_two_kinds_is_counted_apart(self, terms: EventTerms) -> None:
        told = [event(EventKind.VOLTAGE_LOW, timedelta(hours=n)) for n in range(2)]

        assert cases(terms, *told, event(EventKind.VOLTAGE_HIGH, timedelta(hours=3))) == []

    def test_goes_on_in_the_same_case_until_it_is_quiet(self, terms: EventTerms) -> None:
        every_day = [event(EventKind.TAMPER, timedelta(days=n)) for n in range(0, 60, 10)]
        again = event(EventKind.TAMPER, timedelta(days=50 + 30))

        first, second = cases(terms, *every_day, again)

        assert first.evidence == (every_day[0].event_id,)
        assert second.evidence == (again.event_id,)

    def test_is_the_same_in_any_order(self, terms: EventTerms) -> None:
        told = [event(EventKind.DIAGNOSTIC, timedelta(days=n), code="7") for n in range(9)]

        assert cases(terms, *told) == cases(terms, *reversed(told))

    def test_makes_no_second_case_of_what_is_evidence_already(self, terms: EventTerms) -> None:
        told = [event(EventKind.TAMPER, timedelta(days=n)) for n in range(3)]
        (case,) = cases(terms, told[0])

        assert cases(terms, *told, evidence=set(case.evidence)) == []


class TestAConfigurationChange:
    def test_to_one_that_nobody_recorded_is_a_case(self, terms: EventTerms) -> None:
        change = event(EventKind.CONFIGURATION_CHANGED, fingerprint="abc")

        (case,) = cases(terms, change, known_fingerprints={"def"})

        assert case.queue == "meter operations"

    def test_to_one_that_is_recorded_is_none(self, terms: EventTerms) -> None:
        change = event(EventKind.CONFIGURATION_CHANGED, fingerprint="abc")

        assert cases(terms, change, known_fingerprints={"abc"}) == []


class TestALastGasp:
    """Four hours without a report of power."""

    @pytest.mark.parametrize(
        ("back", "opened"),
        [
            (timedelta(hours=4), 0),
            (timedelta(hours=4, seconds=1), 1),
            (None, 1),
        ],
    )
    def test_is_a_case_when_power_is_not_reported_in_time(
        self, back: timedelta | None, opened: int, terms: EventTerms
    ) -> None:
        told = [event(EventKind.LAST_GASP)]
        if back is not None:
            told.append(event(EventKind.POWER_RESTORED, back))

        assert len(cases(terms, *told)) == opened

    @pytest.mark.parametrize(
        ("now", "opened"), [(timedelta(hours=4) - timedelta(seconds=1), 0), (timedelta(hours=4), 1)]
    )
    def test_waits_for_its_hours(self, now: timedelta, opened: int, terms: EventTerms) -> None:
        found = cases(terms, event(EventKind.LAST_GASP), now=NOON + now)

        assert len(found) == opened
        for case in found:
            assert case.queue == "outages"
            assert case.sentence.endswith("none was reported until 2026-03-10T16:00:00Z.")

    def test_is_one_case_for_each_time_without_power(self, terms: EventTerms) -> None:
        told = [event(EventKind.LAST_GASP, timedelta(minutes=n)) for n in range(3)]
        told.append(event(EventKind.POWER_RESTORED, timedelta(hours=9)))
        told.append(event(EventKind.LAST_GASP, timedelta(hours=10)))

        assert len(cases(terms, *told)) == 2


class TestAnEvent:
    def test_is_named_by_what_happened_and_not_by_the_file(self) -> None:
        one = event(EventKind.TAMPER)
        other = MeterEvent("M1", EventKind.TAMPER, NOON, "b.csv", 9, MUCH_LATER)

        assert one.event_id == other.event_id
        assert one.event_id != event(EventKind.TAMPER, timedelta(seconds=1)).event_id
