"""Meters: one place at a time, one meter at a place, to the second; on memory and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors
from tests.stores.paper_town import (
    ANALYST,
    FIRST_DAY,
    LATER,
    LEARNED,
    account_id,
    agreement_of,
    bill_of,
    month_of,
    only_agreement,
    start_of,
)

from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    PremiseLink,
    Register,
    RegisterRead,
    UnmeteredLoad,
    WorkKind,
)
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import Flow
from meterledger.kernel.span import Validity
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store

DAY = date(2025, 2, 10)
AFTER = LATER + timedelta(days=1)
TEN = 10 * 3600
AT = datetime(2025, 2, 10, 16, tzinfo=UTC)  # ten in the morning in Missouri
CAME_LATER = datetime(2024, 12, 3, 6, tzinfo=UTC)
LEFT_LATER = datetime(2025, 1, 2, 6, tzinfo=UTC)
FIRST = MeterInstallation("SP-1", "M-1", 1, Validity(FIRST_DAY), LEARNED)
OLD = replace(FIRST, days=Validity(FIRST_DAY, DAY), ended_second=TEN, learned_at=LATER)
NEW = MeterInstallation("SP-1", "M-9", 1, Validity(DAY), LATER, began_second=TEN)
LINK = PremiseLink("M-9", "SP-1", LinkSource.INSTALLER_SCAN, 95, "scan 17", Validity(DAY), LATER)
WORK = MeterWork(
    "exchange:SP-1:20250210T160000Z",
    WorkKind.EXCHANGE,
    "SP-1",
    "M-1",
    "M-9",
    AT,
    "due for its test",
    (RegisterRead("kWh", "04321"),),
    (RegisterRead("kWh", "00000"),),
    LATER,
)
EXCHANGE = MeterChange("meter exchanged", "SP-1", LATER, (FIRST,), (OLD, NEW, LINK), (), WORK)
DEVICE = Meter("M-9", MeterKind.AMI, LATER, "Maker", "Model 3", "S-9")
SETUP = MeterConfiguration(
    "M-9",
    BilledOn.INTERVAL,
    900,
    (Register("kWh", Flow.DELIVERED, "kWh", 5),),
    (("firmware", "1.2"),),
    Validity(DAY),
    LATER,
)
LOAD = UnmeteredLoad(
    "WIFI-1", "SP-2", "Wi-Fi", 3, 40, ((0, 360), (1080, 1440)), Validity(FIRST_DAY), LEARNED
)


def installations(store: Store, at: datetime = LATER) -> list[MeterInstallation]:
    with store.viewing(ANALYST, ["SP-1"]):
        return store.installations_at(["SP-1"], at).get("SP-1", [])


@pytest.fixture
def town(store: Store) -> Store:
    store.start_services([start_of(1), start_of(2)])
    return store


class TestAnExchange:
    def test_ends_one_meter_and_begins_the_other_at_one_instant(self, town: Store) -> None:
        assert town.change_meters(EXCHANGE) is True

        assert installations(town) == [OLD, NEW]
        with town.viewing(ANALYST, [account_id(1)]):
            (service,) = town.services_of_account(account_id(1), LATER)
        assert service.installations == (OLD, NEW)
        assert town.meter_installations(["M-1", "M-9"]) == {"M-1": [OLD], "M-9": [NEW]}

    def test_is_not_seen_before_it_was_learned(self, town: Store) -> None:
        town.change_meters(EXCHANGE)

        assert installations(town, LATER - timedelta(seconds=1)) == [FIRST]

    def test_twice_is_once(self, town: Store) -> None:
        town.change_meters(EXCHANGE)

        assert town.change_meters(EXCHANGE) is False
        assert installations(town) == [OLD, NEW]

    def test_of_a_meter_that_is_told_of_late_is_kept_with_both_of_its_visits(
        self, town: Store
    ) -> None:
        """It was there before the known one; both are kept, or neither."""
        before = FIRST_DAY - timedelta(days=30)
        place = replace(FIRST, meter_id="M-0", days=Validity(before, FIRST_DAY), learned_at=LATER)
        began = datetime(2024, 12, 2, 6, tzinfo=UTC)
        came = replace(
            WORK,
            work_id="install:SP-1:20241202T060000Z",
            kind=WorkKind.INSTALL,
            removed_meter=None,
            installed_meter="M-0",
            at=began,
            closing=(),
        )
        left = replace(
            WORK,
            work_id="remove:SP-1:20250101T060000Z",
            kind=WorkKind.REMOVE,
            removed_meter="M-0",
            installed_meter=None,
            at=datetime(2025, 1, 1, 6, tzinfo=UTC),
            opening=(),
        )
        change = MeterChange("meter installed", "SP-1", LATER, (), (place,), (), came, left)
        overlapping = replace(change, begun=(replace(place, days=Validity(before)),))
        with pytest.raises(Conflict):
            town.change_meters(overlapping)
        assert town.change_meters(change) is True
        assert town.change_meters(change) is False
        assert installations(town) == [place, FIRST]
        with town.viewing(ANALYST, ["M-0"]):
            assert set(town.meter_file("M-0").work) == {came, left}

        other = replace(left, closing=(RegisterRead("kWh", "00200"),))
        with pytest.raises(Conflict, match=r"remove:SP-1:.*recorded with other contents"):
            town.change_meters(replace(change, left=other))
        later = replace(left, work_id="remove:SP-1:20250102T060000Z", at=LEFT_LATER)
        with pytest.raises(Conflict, match=r"M-0 is recorded, and not that it left at 2025-01-02"):
            town.change_meters(replace(change, left=later))
        again = replace(came, work_id="install:SP-1:20241203T060000Z", at=CAME_LATER)
        with pytest.raises(Conflict, match=r"remove:SP-1:.*recorded with other contents"):
            town.change_meters(replace(change, begun=(), work=again, left=other))
        assert town.change_meters(replace(change, left=None)) is False
        with town.viewing(ANALYST, ["M-0"]):
            assert set(town.meter_file("M-0").work) == {came, left}

    def test_with_another_closing_reading_is_refused(self, town: Store) -> None:
        town.change_meters(EXCHANGE)
        other = replace(WORK, closing=(RegisterRead("kWh", "04322"),))

        with pytest.raises(Conflict, match=r"exchange:SP-1:.*recorded with other contents"):
            town.change_meters(replace(EXCHANGE, work=other))

    def test_is_corrected_once_and_the_correction_speaks(self, town: Store) -> None:
        town.change_meters(EXCHANGE)
        right = replace(WORK, work_id="w2", closing=(), corrects=WORK.work_id, learned_at=AFTER)
        change = MeterChange("exchange corrected", "SP-1", AFTER, work=right)

        assert town.change_meters(change) is True
        assert town.change_meters(change) is False
        with town.viewing(ANALYST, ["M-1"]):
            assert town.meter_file("M-1").work == (right,)
            assert town.meter_file("M-1", LATER).work == (WORK,)
        with pytest.raises(Conflict, match=r"was corrected by somebody else.*Their record is w2"):
            town.change_meters(replace(change, work=replace(right, work_id="w3")))

    def test_of_what_somebody_changed_meanwhile_is_refused(self, town: Store) -> None:
        town.change_meters(EXCHANGE)
        late = replace(WORK, work_id="exchange:SP-1:20250211T160000Z")

        with pytest.raises(Conflict, match=r"M-1, 2025-01-01.*changed by somebody else meanwhile"):
            town.change_meters(replace(EXCHANGE, work=late))

    def test_is_all_or_nothing(self, town: Store) -> None:
        taken = replace(NEW, meter_id="M-2")  # it is at SP-2

        with pytest.raises(Conflict, match="Meter M-2 is taken already"):
            town.change_meters(replace(EXCHANGE, begun=(OLD, taken)))

        assert installations(town) == [FIRST]
        assert town.change_meters(EXCHANGE) is True

    @pytest.mark.parametrize("since", [0, TEN - 1])
    def test_leaves_no_second_with_two_meters(self, town: Store, since: int) -> None:
        with pytest.raises(Conflict, match="Service point SP-1 is taken already"):
            town.change_meters(replace(EXCHANGE, begun=(OLD, replace(NEW, began_second=since))))

    def test_may_leave_some_without_any(self, town: Store) -> None:
        after = replace(NEW, began_second=TEN + 600)

        town.change_meters(replace(EXCHANGE, begun=(OLD, after)))

        assert installations(town) == [OLD, after]

    def test_lets_the_old_meter_go_elsewhere_the_same_day(self, town: Store) -> None:
        town.change_meters(EXCHANGE)
        second = MeterInstallation("SP-2", "M-2", 1, Validity(FIRST_DAY), LEARNED)
        moment = LATER + timedelta(hours=1)
        left = replace(second, days=Validity(FIRST_DAY, DAY), ended_second=TEN + 60)
        early = MeterInstallation("SP-2", "M-1", 1, Validity(DAY), moment, began_second=TEN - 60)
        change = MeterChange("meter exchanged", "SP-2", moment, (second,), (left, early))

        with pytest.raises(Conflict, match="is taken already"):
            town.change_meters(change)
        town.change_meters(replace(change, begun=(left, replace(early, began_second=TEN + 60))))

        assert [one.service_point_id for one in town.meter_installations(["M-1"])["M-1"]] == [
            "SP-1",
            "SP-2",
        ]

    @pytest.mark.parametrize("first_day", [DAY, DAY + timedelta(days=3)])
    def test_is_no_news_to_a_new_tenant(self, town: Store, first_day: date) -> None:
        """Whoever starts service names the meter that is there, and knows of no instants."""
        town.change_meters(EXCHANGE)
        town.stop_service(agreement_of(1).agreement_id, DAY, LATER + timedelta(hours=1))
        there = MeterInstallation("SP-1", "M-9", 1, Validity(first_day), LATER)

        town.start_service(replace(only_agreement(agreement_of(1, first_day)), installation=there))

        assert installations(town) == [OLD, NEW]

    def test_makes_the_old_meter_wrong_for_a_new_tenant(self, town: Store) -> None:
        town.change_meters(EXCHANGE)
        town.stop_service(agreement_of(1).agreement_id, DAY, LATER + timedelta(hours=1))
        gone = MeterInstallation("SP-1", "M-1", 1, Validity(DAY), LATER)

        with pytest.raises(Conflict, match="Service point SP-1 is taken already"):
            town.start_service(replace(only_agreement(agreement_of(1, DAY)), installation=gone))

    def test_counts_as_learned_after_the_newest_bill(self, town: Store) -> None:
        bill, entry = bill_of(1, known_at=LATER + timedelta(days=1))
        town.record_bills([(bill, entry)])

        town.change_meters(EXCHANGE)

        assert installations(town, LATER + timedelta(days=1)) == [FIRST]
        assert [one.meter_id for one in installations(town, LATER + timedelta(days=2))] == [
            "M-1",
            "M-9",
        ]
        assert bill.days == month_of(0)

    def test_by_two_at_once_is_recorded_once(self, town: Store) -> None:
        def try_it(number: int) -> bool:
            new = replace(NEW, meter_id=f"M-{number}")
            work = replace(WORK, work_id=f"w{number}", installed_meter=f"M-{number}")
            change = replace(EXCHANGE, begun=(OLD, new), work=work)
            try:
                return town.change_meters(change)
            except Conflict:
                return False

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(try_it, range(10, 14)))

        assert sum(done) == 1
        assert len(installations(town)) == 2

    def test_at_a_service_point_nobody_knows_is_refused(self, town: Store) -> None:
        lost = replace(NEW, service_point_id="SP-7")

        with pytest.raises(Conflict, match="There is no service point SP-7"):
            town.change_meters(replace(EXCHANGE, ended=(), begun=(lost,), work=None))


class TestWhatIsKnownOfAMeter:
    def test_comes_back_as_it_was_told(self, town: Store) -> None:
        town.change_meters(EXCHANGE)
        town.change_meters(MeterChange("meter configured", "M-9", LATER, (), (SETUP,), (DEVICE,)))

        with town.viewing(ANALYST, ["M-9"]):
            file = town.meter_file("M-9", LATER)

        assert file.meter == DEVICE
        assert file.configurations == (SETUP,)
        assert file.installations == (NEW,)
        assert file.links == (LINK,)
        assert file.work == (WORK,)

    def test_says_how_meters_are_read_to_whoever_asks(self, town: Store) -> None:
        town.change_meters(MeterChange("meter named", "M-9", LATER, meters=(DEVICE,)))
        assert town.meter_kinds(["M-9", "M-1"], LATER) == {"M-9": MeterKind.AMI}
        assert town.meter_kinds(["M-9"], LEARNED) == {}

    def test_of_a_meter_nobody_named_is_not_found(self, town: Store) -> None:
        with town.viewing(ANALYST, ["M-77"]), pytest.raises(NotFound, match="no meter M-77"):
            town.meter_file("M-77", LATER)

    def test_needs_a_viewer(self, town: Store) -> None:
        with pytest.raises(NotViewing):
            town.meter_file("M-1", LATER)
        with pytest.raises(NotViewing):
            town.installations_at(["SP-1"], LATER)
        with pytest.raises(NotViewing):
            town.unmetered_loads(["SP-1"], LATER)

    def test_a_device_is_one_kind_for_ever(self, town: Store) -> None:
        change = MeterChange("meter configured", "M-9", LATER, (), (), (DEVICE,))
        town.change_meters(change)
        town.change_meters(change)
        other = replace(DEVICE, kind=MeterKind.MANUAL)

        with pytest.raises(Conflict, match="Meter M-9 is known with other contents"):
            town.change_meters(replace(change, meters=(other,)))

    def test_two_configurations_on_one_day_are_refused(self, town: Store) -> None:
        change = MeterChange("meter configured", "M-9", LATER, (), (SETUP,), (DEVICE,))
        town.change_meters(change)
        other = replace(SETUP, settings=(("firmware", "1.3"),))

        with pytest.raises(Conflict, match="configuration of meter M-9 is taken already"):
            town.change_meters(replace(change, begun=(other,)))

    def test_a_configuration_of_no_device_is_refused(self, town: Store) -> None:
        with pytest.raises(Conflict, match="There is no meter M-9"):
            town.change_meters(MeterChange("meter configured", "M-9", LATER, (), (SETUP,)))

    def test_a_load_without_a_meter_comes_back(self, town: Store) -> None:
        town.change_meters(MeterChange("unmetered load", "SP-2", LEARNED, (), (LOAD,)))

        with town.viewing(ANALYST, ["SP-2"]):
            assert town.unmetered_loads(["SP-1", "SP-2"], LATER) == {"SP-2": [LOAD]}


@pytest.mark.postgres
class TestTheDatabaseItself:
    """As the application's role, past every check of ours."""

    @pytest.fixture
    def connection(self, postgres: Any, application: Any) -> Any:
        postgres.start_services([start_of(1), start_of(2)])
        postgres.change_meters(EXCHANGE)
        application.execute(
            "SELECT set_config('meterledger.viewer', 'a test', false),"
            " set_config('meterledger.purpose', 'to test', false)"
        )
        return application

    @pytest.mark.parametrize(
        ("meter", "point", "from_day", "since", "constraint"),
        [
            ("M-10", "SP-1", DAY, TEN - 1, "one_meter_at_a_time_at_a_service_point"),
            ("M-10", "SP-1", FIRST_DAY, 0, "one_meter_at_a_time_at_a_service_point"),
            ("M-1", "SP-7", DAY, TEN - 1, "meter_at_one_service_point_at_a_time"),
            ("M-9", "SP-7", DAY, TEN, "meter_at_one_service_point_at_a_time"),
        ],
    )
    def test_has_no_second_with_two(
        self,
        connection: psycopg.Connection,
        meter: str,
        point: str,
        from_day: date,
        since: int,
        constraint: str,
    ) -> None:
        with pytest.raises(errors.ExclusionViolation, match=constraint):
            self.insert(connection, meter, point, from_day, since)

    def test_takes_a_meter_at_the_instant_another_left(
        self, connection: psycopg.Connection
    ) -> None:
        self.insert(connection, "M-1", "SP-7", DAY, TEN)
        connection.rollback()  # nobody has recorded SP-7

    @pytest.mark.parametrize(("began", "ended"), [(-1, 0), (90_000, 0), (0, 1)])
    def test_has_only_seconds_of_a_local_day(
        self, connection: psycopg.Connection, began: int, ended: int
    ) -> None:
        with pytest.raises(errors.CheckViolation, match="exchanged_inside_a_local_day"):
            self.insert(connection, "M-20", "SP-7", DAY, began, ended)

    @staticmethod
    def insert(
        connection: psycopg.Connection,
        meter: str,
        point: str,
        from_day: date,
        began: int,
        ended: int = 0,
    ) -> None:
        connection.execute(
            "INSERT INTO meter_installation (service_point_id, meter_id, multiplier,"
            " began_second, ended_second, days, known)"
            " VALUES (%s, %s, 1, %s, %s, daterange(%s, NULL), tstzrange(%s, NULL))",
            [point, meter, began, ended, from_day, LATER],
        )

    def test_keeps_links_and_work_as_they_are(self, connection: psycopg.Connection) -> None:
        for statement in (
            "UPDATE premise_link SET confidence = 100",
            "DELETE FROM premise_link",
            "UPDATE meter_work SET reason = ''",
            "DELETE FROM meter_work",
            "UPDATE meter_installation SET ended_second = 0",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()
