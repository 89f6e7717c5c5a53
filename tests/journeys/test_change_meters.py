"""Meters are installed, exchanged, removed and put right; and bills are made over it all."""

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
    Register,
    RegisterRead,
    UnmeteredLoad,
)
from meterledger.facts.readings import Flow
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.change_meters import (
    exchange_meter,
    install_meter,
    remove_meter,
    uncross_meters,
)
from meterledger.usecases.compare_schedules import compare_schedules
from meterledger.usecases.describe_meters import (
    NotWithoutMeter,
    configure_meter,
    record_unmetered_load,
)
from meterledger.usecases.meter_checks import Linked, MeterWorkRefused, Visit
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.ports import Conflict
from meterledger.usecases.usage_replaced import usage_replaced

CHICAGO = "America/Chicago"
JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
DAY = date(2025, 7, 10)
TEN_SEVEN = datetime(2025, 7, 10, 15, 7, tzinfo=UTC)  # seven past ten in Missouri
SCANNED = Linked(LinkSource.INSTALLER_SCAN, 95, "scan of the label, work order 12")
VISIT = Visit(
    "SP1",
    TEN_SEVEN,
    "due for its test",
    (RegisterRead("kWh", "04321"),),
    (RegisterRead("kWh", "00000"),),
)
SLOTS = 41  # quarter-hours of the day that began before seven past ten


def when(town: Any, at: Any) -> dict[str, Any]:
    return {"learned_at": at, "zone_name": CHICAGO, "store": town.store}


@pytest.fixture
def exchange(town: Any, towns: ModuleType) -> Any:
    """Account 1 has service, and M9 takes the place of M1 at seven past ten on 10 July."""

    def do(visit: Visit = VISIT, new: str = "M9", at: Any = None) -> Any:
        return exchange_meter(visit, new, SCANNED, **when(town, at or towns.FIRST))

    town.start(1)
    return do


def read_both(town: Any) -> int:
    """What both meters report of July; the energy that was delivered, in watt-hours."""

    def old(day: date, count: int) -> list[int | None]:
        return [100] * SLOTS + [None] * (count - SLOTS) if day == DAY else [100] * count

    def new(day: date, count: int) -> list[int | None]:
        first = SLOTS - 1
        return [None] * first + [7] * (count - first) if day == DAY else [7] * count

    town.read("M1", (JULY, DAY + timedelta(days=1)), old)
    town.read("M9", (DAY, AUGUST), new)
    return 100 * (9 * 96 + SLOTS) + 7 * (21 * 96 + 97 - SLOTS)


class TestAnExchangeInsideADay:
    @pytest.mark.parametrize("schedule", ["1M-anytime", "1M-smart", "1M-ultimate"])
    def test_bills_what_both_meters_measured(
        self, schedule: str, town: Any, towns: ModuleType
    ) -> None:
        town.start(1, schedule=schedule)
        exchange_meter(VISIT, "M9", SCANNED, **when(town, towns.FIRST))
        delivered_wh = read_both(town)

        run = town.bill(1, on=AUGUST)

        assert run.held == []
        (bill,) = run.issued
        assert bill.usage.energy_wh == delivered_wh
        assert [one.energy_wh for one in bill.usage.meters] == [90_500, delivered_wh - 90_500]
        assert town.replay(bill.bill_id).same_bytes
        kwh = {line.code: line.quantity for line in bill.lines if line.unit == "kWh"}
        assert kwh

    def test_applies_each_meters_multiplier(self, town: Any, exchange: Any) -> None:
        exchange(replace(VISIT, multiplier=40))
        read_both(town)

        (bill,) = town.bill(1, on=AUGUST).issued

        assert [one.multiplier for one in bill.usage.meters] == [1, 40]
        assert bill.usage.energy_wh == 90_500 + 40 * 7 * (21 * 96 + 97 - SLOTS)

    def test_keeps_the_multiplier_of_the_place_unless_told(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1, multiplier=80)
        exchange_meter(VISIT, "M9", SCANNED, **when(town, towns.FIRST))

        assert [one.multiplier for one in town.services(1)[0].installations] == [80, 80]

    def test_holds_the_bill_where_a_meter_is_silent(self, town: Any, exchange: Any) -> None:
        exchange()
        town.read("M1", (JULY, DAY), lambda day, count: [100] * count)
        town.read("M9", (DAY, AUGUST), lambda day, count: [7] * count)

        (held,) = town.bill(1, on=AUGUST).held

        assert held.code == "usage.gap"
        assert held.sentence == (
            "Account 0000000018, meters M1 and M9, 2025-07-01 to 2025-08-01: meter M1: Nothing is "
            "known from 2025-07-10T05:00:00Z until 2025-07-10T15:07:00Z (from local day "
            "2025-07-10). A gap is never a zero. Ingest the missing readings, then run the bill "
            "again."
        )

    def test_compares_schedules_on_the_same_usage(
        self, town: Any, towns: ModuleType, exchange: Any
    ) -> None:
        exchange()
        delivered_wh = read_both(town)
        (bill,) = town.bill(1, on=AUGUST).issued

        compared = compare_schedules(
            account_id=town.account_id(1),
            span=DaySpan(JULY, AUGUST),
            known_at=towns.CLASSES_TOLD,
            asked=AUGUST,
            store=town.store,
            lake=town.lake,
            book=town.book,
        )
        schedule, energy_wh, answers = compared.schedule, compared.energy_wh, compared.answers

        assert energy_wh == delivered_wh
        own = next(one for one in answers if one.schedule == schedule)
        assert own.total_cents == bill.total_cents

    def test_that_is_recorded_after_the_bill_leaves_the_bill_as_it_was(
        self, town: Any, towns: ModuleType, exchange: Any
    ) -> None:
        town.read("M1", (JULY, AUGUST))
        (bill,) = town.bill(1, on=AUGUST).issued

        exchange(at=towns.NOON)  # the very instant at which the bill was made

        again = town.replay(bill.bill_id)
        assert again.same_bytes
        read_both(town)
        assert not town.replay(bill.bill_id, towns.LATER).same_bytes
        assert [one.meter for one in town.replay(bill.bill_id, towns.LATER).bill.usage.meters] != []

    def test_twice_is_once(self, town: Any, exchange: Any) -> None:
        assert exchange() == exchange()

        assert [str(one.days) for one in town.services(1)[0].installations] == [
            "2025-07-01 until 2025-07-10",
            "2025-07-10 until further notice",
        ]

    def test_twice_with_another_reading_is_refused(self, exchange: Any) -> None:
        exchange()

        with pytest.raises(Conflict, match="recorded with other contents"):
            exchange(replace(VISIT, closing=(RegisterRead("kWh", "04322"),)))

    @pytest.mark.parametrize(
        ("visit", "new", "words"),
        [
            (replace(VISIT, service_point_id="SP7"), "M9", "No meter measures service point SP7"),
            (replace(VISIT, at=datetime(2025, 6, 1, tzinfo=UTC)), "M9", "No meter measures"),
            (replace(VISIT, at=datetime(2027, 1, 1, tzinfo=UTC)), "M9", "is not yet"),
            (VISIT, "M1", "Meter M1 is there already"),
            (VISIT, "M 9", "cannot name a meter"),
            (replace(VISIT, reason=" "), "M9", "The reason is empty"),
            (replace(VISIT, multiplier=0), "M9", "multiplier of 0 cannot be"),
            (replace(VISIT, closing=(RegisterRead("kWh", "4-1"),)), "M9", "can show"),
            (replace(VISIT, closing=VISIT.closing * 2), "M9", "Two closing readings"),
            (replace(VISIT, at=datetime(2025, 7, 1, 15, tzinfo=UTC)), "M9", "on that day itself"),
        ],
    )
    def test_that_cannot_be_changes_nothing(
        self, visit: Visit, new: str, words: str, town: Any, exchange: Any
    ) -> None:
        before = town.services(1)

        with pytest.raises(MeterWorkRefused, match=words):
            exchange(visit, new)

        assert town.services(1) == before

    def test_for_a_meter_that_is_elsewhere_changes_nothing(self, town: Any, exchange: Any) -> None:
        town.start(2)
        before = town.services(1)

        with pytest.raises(Conflict, match="Meter M2 is taken already"):
            exchange(new="M2")

        assert town.services(1) == before

    def test_links_the_new_meter_and_ends_the_link_of_the_old(
        self, town: Any, towns: ModuleType, exchange: Any
    ) -> None:
        exchange()
        second = replace(VISIT, at=TEN_SEVEN + timedelta(days=10))
        exchange_meter(second, "M10", SCANNED, **when(town, towns.FIRST))

        file = town.store.meter_file("M9", towns.NOON)
        assert [(one.confidence, str(one.days)) for one in file.links] == [
            (95, "2025-07-10 until 2025-07-20")
        ]
        assert [one.kind.value for one in file.work] == ["exchange", "exchange"]


class TestAMeterBilledOnRegisters:
    @pytest.fixture
    def configured(self, town: Any, towns: ModuleType, exchange: Any) -> Any:
        setup = MeterConfiguration(
            "M1",
            BilledOn.REGISTER,
            None,
            (Register("kWh", Flow.DELIVERED, "kWh", 5),),
            (),
            Validity(JULY),
            towns.FIRST,
        )
        device = Meter("M1", MeterKind.MANUAL, towns.FIRST)
        assert configure_meter(setup, device, learned_at=towns.FIRST, store=town.store)
        return exchange

    def test_leaves_with_its_closing_reading(self, configured: Any) -> None:
        assert configured().closing == (RegisterRead("kWh", "04321"),)

    def test_does_not_leave_without_one(self, configured: Any) -> None:
        with pytest.raises(MeterWorkRefused, match="no closing reading of register kWh"):
            configured(replace(VISIT, closing=()))

    @pytest.mark.parametrize(
        ("value", "words"),
        [("104321", "shows 5 figures"), ("04321.5", "0 decimals, and cannot show 04321.5")],
    )
    def test_shows_as_many_figures_as_it_has(self, value: str, words: str, configured: Any) -> None:
        with pytest.raises(MeterWorkRefused, match=words):
            configured(replace(VISIT, closing=(RegisterRead("kWh", value),)))

    def test_has_no_other_register(self, configured: Any) -> None:
        with pytest.raises(MeterWorkRefused, match=r"no register kvarh.*Name one of kWh"):
            configured(replace(VISIT, closing=(RegisterRead("kvarh", "1"),)))


class TestRemovingAndInstalling:
    def test_leaves_the_place_without_a_meter_until_one_comes(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1)
        remove = replace(VISIT, opening=())
        remove_meter("M1", remove, **when(town, towns.FIRST))
        back = replace(VISIT, at=TEN_SEVEN + timedelta(hours=2), closing=())
        install_meter("M9", back, SCANNED, **when(town, towns.FIRST))
        read_both(town)

        (held,) = town.bill(1, on=AUGUST).held

        assert held.code == "meter.not_whole"
        assert "from 2025-07-10T15:07:00Z until 2025-07-10T17:07:00Z" in held.sentence

    def test_counts_a_whole_first_day_where_nothing_was_before(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1)
        remove_meter("M1", replace(VISIT, opening=()), **when(town, towns.FIRST))
        later = replace(VISIT, at=TEN_SEVEN + timedelta(days=1), closing=())
        install_meter("M9", later, SCANNED, **when(town, towns.FIRST))

        installed = town.services(1)[0].installations[1]
        assert (installed.days.from_day, installed.began_second) == (date(2025, 7, 11), 0)

    def test_twice_is_once(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        visit = replace(VISIT, opening=())
        first = remove_meter("M1", visit, **when(town, towns.FIRST))

        assert remove_meter("M1", visit, **when(town, towns.FIRST)) == first
        back = replace(VISIT, at=TEN_SEVEN + timedelta(hours=2), closing=())
        done = install_meter("M9", back, SCANNED, **when(town, towns.FIRST))
        assert install_meter("M9", back, SCANNED, **when(town, towns.FIRST)) == done
        assert len(town.services(1)[0].installations) == 2

    def test_of_another_meter_than_is_there_is_refused(self, town: Any, towns: ModuleType) -> None:
        town.start(1)

        with pytest.raises(MeterWorkRefused, match="Meter M2 is not there; meter M1 is"):
            remove_meter("M2", replace(VISIT, opening=()), **when(town, towns.FIRST))


class TestACrossedPair:
    def test_is_put_right_from_a_day_on(self, town: Any, towns: ModuleType) -> None:
        town.start(1, multiplier=20)
        town.start(2)

        uncross_meters(
            "M1",
            "M2",
            from_day=DAY,
            reason="found at an inspection",
            linked=SCANNED,
            **when(town, towns.FIRST),
        )

        places = town.store.installations_at(["SP1", "SP2"], towns.NOON)
        assert {
            point: [(one.meter_id, one.multiplier, one.days.from_day) for one in found]
            for point, found in places.items()
        } == {"SP1": [("M1", 20, JULY), ("M2", 20, DAY)], "SP2": [("M2", 1, JULY), ("M1", 1, DAY)]}

    def test_tells_the_bills_that_each_got_for_the_other(
        self, town: Any, towns: ModuleType
    ) -> None:
        for number, wh in ((1, 100), (2, 7)):
            town.start(number)
            town.read(f"M{number}", (JULY, AUGUST), lambda day, count, wh=wh: [wh] * count)
        assert len(town.bill(1, 2, on=AUGUST).issued) == 2
        work = uncross_meters(
            *("M1", "M2"),
            from_day=DAY,
            reason="found at an inspection",
            linked=SCANNED,
            **when(town, towns.NOON + timedelta(minutes=1)),
        )

        known_at = work.learned_at + timedelta(minutes=1)
        looked_at, replaced = usage_replaced(
            store=town.store, lake=town.lake, view=town.view, known_at=known_at
        )

        assert looked_at == 2
        assert [one.difference_wh for one in replaced] == [-93 * 96 * 22, 93 * 96 * 22]
        assert usage_replaced(store=town.store, lake=town.lake, view=town.view) == (2, [])

    def test_of_days_after_a_bill_leaves_the_bill_as_it_was(
        self, town: Any, towns: ModuleType
    ) -> None:
        for number, wh in ((1, 100), (2, 7)):
            town.start(number)
            town.read(f"M{number}", (JULY, AUGUST), lambda day, count, wh=wh: [wh] * count)
        town.bill(1, 2, on=AUGUST)
        uncross_meters(
            *("M1", "M2"),
            from_day=AUGUST,
            reason="found at an inspection",
            linked=SCANNED,
            **when(town, towns.LATER),
        )

        known_at = towns.LATER + timedelta(minutes=1)
        assert usage_replaced(
            store=town.store, lake=town.lake, view=town.view, known_at=known_at
        ) == (2, [])

    def test_from_the_first_day_leaves_nothing_of_what_was_believed(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1)
        town.start(2)

        for _ in range(2):  # doing it twice does it once
            uncross_meters(
                *("M1", "M2"),
                from_day=JULY,
                reason="crossed from the start",
                linked=SCANNED,
                **when(town, towns.FIRST),
            )

        places = town.store.installations_at(["SP1", "SP2"], towns.NOON)
        assert {p: [one.meter_id for one in found] for p, found in places.items()} == {
            "SP1": ["M2"],
            "SP2": ["M1"],
        }

    @pytest.mark.parametrize(
        ("other", "day", "words"),
        [
            ("M2", date(2025, 6, 30), "Meter M1 came on 2025-07-01, after 2025-06-30"),
            ("M1", DAY, "not crossed with itself"),
            ("M77", DAY, "meter M77: It is not installed anywhere now"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, other: str, day: date, words: str, town: Any, towns: ModuleType
    ) -> None:
        town.start(1)
        town.start(2)

        with pytest.raises(MeterWorkRefused, match=words):
            uncross_meters(
                "M1", other, from_day=day, reason="x", linked=SCANNED, **when(town, towns.FIRST)
            )


class TestHowAMeterIsSetUp:
    def setup(self, towns: ModuleType, day: date = JULY, firmware: str = "1.2") -> Any:
        return MeterConfiguration(
            *("M1", BilledOn.INTERVAL, 900, ()),
            *((("firmware", firmware),), Validity(day), towns.FIRST),
        )

    def tell(self, town: Any, towns: ModuleType, setup: Any, device: bool = True) -> bool:
        told = Meter("M1", MeterKind.AMI, towns.FIRST) if device else None
        return configure_meter(setup, told, learned_at=towns.FIRST, store=town.store)

    def test_has_a_fingerprint_that_a_change_changes(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        assert self.tell(town, towns, self.setup(towns))
        assert self.tell(town, towns, self.setup(towns, DAY, "1.3"))

        file = town.store.meter_file("M1", towns.NOON)

        assert [str(one.days) for one in file.configurations] == [
            "2025-07-01 until 2025-07-10",
            "2025-07-10 until further notice",
        ]
        assert len({one.fingerprint for one in file.configurations}) == 2

    def test_told_again_changes_nothing(self, town: Any, towns: ModuleType) -> None:
        assert self.tell(town, towns, self.setup(towns))

        assert self.tell(town, towns, self.setup(towns, DAY)) is False

    def test_before_a_day_that_is_known_is_refused(self, town: Any, towns: ModuleType) -> None:
        self.tell(town, towns, self.setup(towns, DAY))

        with pytest.raises(MeterWorkRefused, match="is known from 2025-07-10"):
            self.tell(town, towns, self.setup(towns, JULY, "1.1"))

    def test_of_a_meter_of_no_known_kind_is_refused(self, town: Any, towns: ModuleType) -> None:
        with pytest.raises(MeterWorkRefused, match=r"how the meter is read.*manual, amr or ami"):
            self.tell(town, towns, self.setup(towns), device=False)


class TestALoadWithoutAMeter:
    LOAD = UnmeteredLoad(
        "WIFI-1", "SP1", "Wi-Fi", 3, 40, ((0, 1440),), Validity(date(2025, 6, 1), JULY), None
    )  # type: ignore[arg-type]

    def load(self, towns: ModuleType, **changed: Any) -> UnmeteredLoad:
        return replace(self.LOAD, learned_at=towns.FIRST, **changed)

    def test_is_not_where_a_meter_measures(self, town: Any, towns: ModuleType) -> None:
        town.start(1)

        how = {"view": town.view, "store": town.store}
        with pytest.raises(MeterWorkRefused, match="Meter M1 measures there"):
            record_unmetered_load(self.load(towns, days=Validity(DAY)), **how)

    def test_has_versions_that_follow_each_other(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        assert record_unmetered_load(self.load(towns), view=town.view, store=town.store)
        assert record_unmetered_load(self.load(towns), view=town.view, store=town.store) is False
        more = self.load(towns, count=5, days=Validity(date(2025, 6, 10), JULY))
        assert record_unmetered_load(more, view=town.view, store=town.store)

        found = town.store.unmetered_loads(["SP1"], towns.NOON)["SP1"]

        assert [(one.count, str(one.days)) for one in found] == [
            (3, "2025-06-01 until 2025-06-10"),
            (5, "2025-06-10 until 2025-07-01"),
        ]

    @pytest.mark.parametrize(("count", "volt_amperes"), [(50, 100), (1, 5000)])
    def test_is_at_most_five_kva(
        self, town: Any, towns: ModuleType, count: int, volt_amperes: int
    ) -> None:
        lamps = self.load(towns, device="lighting", count=count, volt_amperes=volt_amperes)
        how = {"view": town.view, "store": town.store}
        town.start(1)

        with pytest.raises(NotWithoutMeter, match="more than 5 kVA at one point") as refused:
            record_unmetered_load(replace(lamps, volt_amperes=volt_amperes + 1), **how)
        assert "GRR IV.E" in refused.value.sentence
        assert "Install a meter there" in refused.value.sentence
        assert town.store.unmetered_loads(["SP1"], towns.NOON) == {}
        assert record_unmetered_load(lamps, **how)

    def test_counts_with_what_is_there_on_the_same_days(self, town: Any, towns: ModuleType) -> None:
        how = {"view": town.view, "store": town.store}
        town.start(1)
        first = self.load(towns, count=1, volt_amperes=3000)
        assert record_unmetered_load(first, **how)
        more = replace(first, load_id="WIFI-2", volt_amperes=2001)

        with pytest.raises(NotWithoutMeter, match=r"5\.001 kVA with all that is there"):
            record_unmetered_load(more, **how)
        before = Validity(date(2025, 5, 1), first.days.from_day)
        assert record_unmetered_load(replace(more, days=before), **how)
        assert record_unmetered_load(replace(more, load_id="WIFI-3", volt_amperes=2000), **how)

    def test_is_a_listed_device(self, town: Any, towns: ModuleType) -> None:
        how = {"view": town.view, "store": town.store}
        town.start(1)

        with pytest.raises(NotWithoutMeter, match="'other' is not among the listed devices"):
            record_unmetered_load(self.load(towns, device="security camera"), **how)
        assert record_unmetered_load(self.load(towns, device=" wi-fi"), **how)

    def test_that_becomes_less_is_always_taken(self, town: Any, towns: ModuleType) -> None:
        """It was recorded before anybody asked."""
        big = self.load(towns, count=3, volt_amperes=4000)
        town.start(1)
        town.store.change_meters(MeterChange("load", "SP1", towns.FIRST, (), (big,)))

        fewer = replace(big, count=2, days=Validity(date(2025, 6, 10), JULY))
        assert record_unmetered_load(fewer, view=town.view, store=town.store)
