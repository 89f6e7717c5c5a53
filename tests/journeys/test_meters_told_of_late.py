"""A meter that was there before a known one is recorded by command, with both of its visits.

Service began on July 1 and nobody wrote down a meter; M1 is known from July 10 on. M0 was there
before it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    Register,
    RegisterRead,
    WorkKind,
)
from meterledger.facts.readings import Flow
from meterledger.kernel.span import Validity
from meterledger.usecases.change_meters import install_meter, remove_meter
from meterledger.usecases.describe_meters import configure_meter
from meterledger.usecases.meter_checks import Linked, MeterWorkRefused, Visit
from meterledger.usecases.ports import Conflict

CHICAGO = "America/Chicago"
JULY, TENTH, AUGUST = date(2025, 7, 1), date(2025, 7, 10), date(2025, 8, 1)
CAME = datetime(2025, 7, 1, 5, tzinfo=UTC)  # midnight in Missouri
TEN_SEVEN = datetime(2025, 7, 10, 15, 7, tzinfo=UTC)
LINKED = Linked(LinkSource.BACK_OFFICE, 80, "the old book of the crew")
VISIT = Visit("SP1", CAME, "found in the old book")
OPEN, CLOSED = (RegisterRead("kWh", "00100"),), (RegisterRead("kWh", "00186"),)


def install(town: Any, towns: ModuleType, meter: str, visit: Visit, before: str = "") -> MeterWork:
    told = {"learned_at": towns.FIRST, "zone_name": CHICAGO, "store": town.store}
    return install_meter(meter, visit, LINKED, **told, before=before)


@pytest.fixture
def place(town: Any, towns: ModuleType) -> Any:
    town.start(1, meter_id=None)
    install(town, towns, "M1", replace(VISIT, at=TEN_SEVEN))
    town.read("M1", (TENTH, AUGUST), lambda day, count: [7] * count)
    return town


def places(town: Any) -> list[tuple[str, str, int, int]]:
    return [
        (one.meter_id, str(one.days), one.began_second, one.ended_second)
        for one in town.services(1)[0].installations
    ]


def test_its_days_are_billed_then(place: Any, towns: ModuleType) -> None:
    (held,) = place.bill(1, on=AUGUST).held
    assert held.code == "meter.not_whole"
    assert "`meterledger meter install` (with --before, if another came after it)" in held.sentence

    work = install(place, towns, "M0", VISIT, "M1")

    assert (work.kind, work.installed_meter, work.at) == (WorkKind.INSTALL, "M0", CAME)
    assert places(place) == [
        ("M0", "2025-07-01 until 2025-07-10", 0, 0),
        ("M1", "2025-07-10 until further notice", 0, 0),
    ]
    (left,) = [one for one in place.store.meter_file("M0").work if one.removed_meter]
    assert (left.kind, left.at) == (WorkKind.REMOVE, datetime(2025, 7, 10, 5, tzinfo=UTC))
    assert [str(one.days) for one in place.store.meter_file("M0").links] == [
        "2025-07-01 until 2025-07-10"
    ]
    place.read("M0", (JULY, TENTH), lambda day, count: [100] * count)
    (bill,) = place.bill(1, on=AUGUST).issued
    assert bill.usage.energy_wh == 96 * (9 * 100 + 22 * 7)
    assert place.replay(bill.bill_id).same_bytes


def test_told_twice_it_is_told_once(place: Any, towns: ModuleType) -> None:
    first = install(place, towns, "M0", VISIT, "M1")
    assert install(place, towns, "M0", VISIT, "M1") == first
    assert len(places(place)) == 2


def test_told_again_with_another_closing_read_it_is_refused(place: Any, towns: ModuleType) -> None:
    told = replace(VISIT, closing=CLOSED)
    install(place, towns, "M0", told, "M1")
    other = replace(VISIT, closing=OPEN)
    with pytest.raises(Conflict, match=r"Work remove:SP1:.*recorded with other contents"):
        install(place, towns, "M0", other, "M1")
    with pytest.raises(MeterWorkRefused, match="Meter M1 came after it"):
        install(place, towns, "M0", told)  # without --before no closing read would be kept
    (left,) = [one for one in place.store.meter_file("M0").work if one.removed_meter]
    assert left.closing == CLOSED


def test_between_two_known_ones_it_lasts_to_the_second(place: Any, towns: ModuleType) -> None:
    """M1 left on the 12th at a quarter past ten, M2 came on the 14th: M5 was there between."""
    gone = TEN_SEVEN + timedelta(days=2, minutes=8)
    told = {"learned_at": towns.FIRST, "zone_name": CHICAGO, "store": place.store}
    remove_meter("M1", replace(VISIT, at=gone), **told)
    install(place, towns, "M2", replace(VISIT, at=TEN_SEVEN + timedelta(days=4)))

    install(place, towns, "M5", replace(VISIT, at=gone), "M2")

    assert places(place)[-2:] == [
        ("M5", "2025-07-12 until 2025-07-14", 36_900, 0),
        ("M2", "2025-07-14 until further notice", 0, 0),
    ]


@pytest.mark.parametrize(
    ("visit", "before", "words"),
    [
        (VISIT, "", "Meter M1 came after it, on 2025-07-10"),
        (VISIT, "M7", "Meter M1 came after it, on 2025-07-10"),
        (replace(VISIT, at=CAME + timedelta(days=30)), "M1", "No meter came after"),
        (
            replace(VISIT, at=CAME + timedelta(days=30), closing=CLOSED),
            "",
            "so this one has not left",
        ),
    ],
)
def test_it_is_refused_where_it_does_not_fit(
    place: Any, towns: ModuleType, visit: Visit, before: str, words: str
) -> None:
    with pytest.raises(MeterWorkRefused, match=words) as refused:
        install(place, towns, "M0", visit, before)
    assert "--before" in refused.value.sentence
    assert len(places(place)) == 1


def test_on_the_day_of_the_known_one_it_is_refused(place: Any, towns: ModuleType) -> None:
    told = {"learned_at": towns.FIRST, "zone_name": CHICAGO, "store": place.store}
    remove_meter("M1", replace(VISIT, at=TEN_SEVEN + timedelta(days=2, minutes=8)), **told)
    later = TEN_SEVEN + timedelta(days=2, hours=2)
    install(place, towns, "M2", replace(VISIT, at=later))
    between = replace(VISIT, at=TEN_SEVEN + timedelta(days=2, minutes=30))
    with pytest.raises(MeterWorkRefused, match="Meter M2 came on that day itself"):
        install(place, towns, "M5", between, "M2")


def test_it_cannot_have_been_elsewhere_on_those_days(place: Any, towns: ModuleType) -> None:
    place.start(2)
    with pytest.raises(Conflict):
        install(place, towns, "M2", VISIT, "M1")
    assert len(places(place)) == 1


class TestOnItsRegister:
    @pytest.fixture
    def place(self, place: Any, towns: ModuleType) -> Any:
        setup = MeterConfiguration(
            *("M0", BilledOn.REGISTER, None, (Register("kWh", Flow.DELIVERED, "kWh", 5),)),
            *((), Validity(JULY), towns.FIRST),
        )
        device = Meter("M0", MeterKind.MANUAL, towns.FIRST)
        configure_meter(setup, device, learned_at=towns.FIRST, store=place.store)
        return place

    @pytest.mark.parametrize(
        ("opening", "closing", "words"),
        [((), CLOSED, "no opening reading"), (OPEN, (), "no closing reading")],
    )
    def test_it_needs_what_it_showed_at_both_ends(
        self,
        place: Any,
        towns: ModuleType,
        opening: tuple[RegisterRead, ...],
        closing: tuple[RegisterRead, ...],
        words: str,
    ) -> None:
        visit = replace(VISIT, opening=opening, closing=closing)
        with pytest.raises(MeterWorkRefused, match=f"{words} of register kWh"):
            install(place, towns, "M0", visit, "M1")

    def test_each_is_kept_with_its_visit(self, place: Any, towns: ModuleType) -> None:
        install(place, towns, "M0", replace(VISIT, opening=OPEN, closing=CLOSED), "M1")
        came, left = sorted(place.store.meter_file("M0").work, key=lambda one: one.at)
        assert (came.opening, came.closing) == (OPEN, ())
        assert (left.opening, left.closing) == ((), CLOSED)
