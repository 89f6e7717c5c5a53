"""Which lake files speak, which may go, what is held: the same promises on both stores."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import (
    ANALYST,
    LATER,
    account_id,
    bill_of,
    interval_channel,
    register_channel,
    start_of,
)

from meterledger.facts.intake import Arrival, ControlTotals
from meterledger.facts.lake_log import Compaction, FileOnDisk, LakeHold, Tombstone
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import Conflict, NotFound, Store

JANUARY = [f"month=2025-01/bucket=3/day-{day}.parquet" for day in (1, 2, 3)]
TOGETHER = "month=2025-01/bucket=3/together.parquet"
FEBRUARY = "month=2025-02/bucket=3/day-1.parquet"


def publish(store: Store, number: int, *names: str, at: datetime = LATER) -> int:
    return store.record_file(
        sha256=f"{number:064x}",
        name=f"file {number}",
        format="csv",
        channels=(),
        quarantined=(),
        lake_files=names,
        learned_at=at,
    ).lake_sequence


def compaction(
    superseded: Sequence[str] = JANUARY, into: str = TOGETHER, month: str = "2025-01"
) -> Compaction:
    return Compaction(month, tuple(superseded), (into,), 300, 100)


def compact(store: Store, based_on: int, one: Compaction | None = None, **more: Any) -> int:
    return store.record_compaction(
        one or compaction(), based_on=based_on, learned_at=more.get("at", LATER)
    )


@pytest.fixture
def three_days(store: Store) -> Store:
    """January, one file each day; bills of one account for thirty days each."""
    for number, name in enumerate(JANUARY, start=1):
        publish(store, number, name, at=LATER + timedelta(hours=number))
    return store


class TestACompaction:
    def test_speaks_from_its_sequence_on_and_not_before(self, three_days: Store) -> None:
        assert compact(three_days, 3, at=LATER + timedelta(days=1)) == 4

        assert three_days.lake_sequence() == 4
        assert three_days.lake_files(4) == [*JANUARY, TOGETHER]
        assert three_days.superseded_lake_files(3) == frozenset()
        assert three_days.superseded_lake_files(4) == frozenset(JANUARY)

    def test_is_refused_where_the_month_changed_meanwhile(self, three_days: Store) -> None:
        publish(three_days, 9, "month=2025-01/bucket=8/late.parquet")

        with pytest.raises(Conflict, match=r"Readings of 2025-01 were published while") as refused:
            compact(three_days, 3)

        assert "Compact the month again" in refused.value.sentence
        assert three_days.lake_sequence() == 4
        assert three_days.superseded_lake_files(9) == frozenset()
        assert compact(three_days, 4) == 5

    def test_is_not_hindered_by_readings_of_another_month(self, three_days: Store) -> None:
        publish(three_days, 9, FEBRUARY)

        assert compact(three_days, 3) == 5

    def test_is_taken_once(self, three_days: Store) -> None:
        def attempt(number: int) -> bool:
            into = f"month=2025-01/bucket=3/of-{number}.parquet"
            try:
                compact(three_days, 3, compaction(into=into))
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1
        assert three_days.lake_sequence() == 4

    def test_names_the_file_for_which_another_speaks(self, three_days: Store) -> None:
        compact(three_days, 3)

        with pytest.raises(Conflict, match=r"lake file month=2025-01/bucket=3/day-1\.parquet is"):
            compact(three_days, 4, compaction(into="month=2025-01/bucket=3/again.parquet"))

    def test_of_a_file_that_nobody_published_is_refused(self, three_days: Store) -> None:
        with pytest.raises(Conflict, match="stranger"):
            compact(three_days, 3, compaction(["month=2025-01/bucket=3/stranger"]))

        assert three_days.lake_sequence() == 3


class TestAFileThatMayGo:
    def test_was_superseded_before_the_margin(self, three_days: Store) -> None:
        compact(three_days, 3, at=LATER + timedelta(days=10))

        assert three_days.superseded_before(LATER + timedelta(days=10)) == []
        assert three_days.superseded_before(LATER + timedelta(days=10, seconds=1)) == JANUARY

    @pytest.mark.parametrize(
        ("days", "pinned"),
        [
            (DaySpan(date(2025, 1, 1), date(2025, 1, 2)), True),
            (DaySpan(date(2025, 1, 30), date(2025, 1, 31)), True),
            (DaySpan(date(2025, 1, 31), date(2025, 2, 1)), False),
        ],
    )
    def test_is_pinned_by_a_bill_that_read_it_over_its_days(
        self, three_days: Store, days: DaySpan, pinned: bool
    ) -> None:
        three_days.start_services([start_of(1)])
        three_days.record_bills([bill_of(1)])  # read January 1 to 30 at sequence 1
        compact(three_days, 3)

        with three_days.viewing(ANALYST, ["all"]):
            (bill,) = three_days.bills_of_account(account_id(1))
        assert bill.lake_sequence == 1  # the files of sequences 2 and 3 came later
        found = three_days.pinned_by_bills(dict.fromkeys(JANUARY, days))
        assert found == (frozenset(JANUARY[:1]) if pinned else frozenset())

    def test_is_not_pinned_by_a_bill_that_read_what_replaced_it(self, store: Store) -> None:
        store.start_services([start_of(1)])
        store.record_compaction(compaction([]), based_on=0, learned_at=LATER)
        publish(store, 1, JANUARY[0])
        store.record_bills([bill_of(1)])
        compact(store, 2, compaction(JANUARY[:1], "month=2025-01/bucket=3/again.parquet"))

        days = DaySpan(date(2025, 1, 1), date(2025, 2, 1))
        assert store.pinned_by_bills({JANUARY[0]: days}) == frozenset()

    def test_is_relied_on_by_the_newest_bill_over_its_days(self, three_days: Store) -> None:
        three_days.start_services([start_of(1)])
        three_days.record_bills([bill_of(1), bill_of(1, 1)])
        issued = max(bill_of(1)[0].issued_day, bill_of(1, 1)[0].issued_day)

        assert three_days.newest_bill_over(DaySpan(date(2025, 1, 30), date(2025, 2, 1))) == issued
        assert three_days.newest_bill_over(DaySpan(date(2024, 1, 1), date(2025, 1, 1))) is None


def tombstone(name: str, cause: str = "retention") -> Tombstone:
    file = FileOnDisk(name, 96, 2048, "ab" * 32)
    return Tombstone(file, cause, "kept for 72 months", date(2031, 3, 1), LATER)


class TestATombstone:
    def test_stays_with_counts_and_hash(self, three_days: Store) -> None:
        assert three_days.record_tombstones([tombstone(JANUARY[0])]) == 1

        assert three_days.erased_lake_files() == {JANUARY[0]: tombstone(JANUARY[0])}

    def test_is_written_once(self, three_days: Store) -> None:
        three_days.record_tombstones([tombstone(JANUARY[0])])

        again = [tombstone(JANUARY[0], "superseded"), tombstone(JANUARY[1])]
        assert three_days.record_tombstones(again) == 1
        assert three_days.erased_lake_files()[JANUARY[0]].cause == "retention"

    def test_takes_the_file_out_of_what_may_go(self, three_days: Store) -> None:
        compact(three_days, 3)
        three_days.record_tombstones([tombstone(JANUARY[0], "superseded")])

        assert three_days.superseded_before(LATER + timedelta(days=99)) == JANUARY[1:]


def hold(hold_id: str = "H-1", meter: str | None = "0123456789abcdef") -> LakeHold:
    return LakeHold(hold_id, meter, "2020-01", "2020-06", "dispute 17", "ada", LATER)


class TestAHold:
    def test_is_in_force_until_it_is_released(self, store: Store) -> None:
        store.place_lake_hold(hold("H-2", None))
        store.place_lake_hold(hold())
        assert store.lake_holds() == [hold(), hold("H-2", None)]

        store.release_lake_hold("H-1", author="ben", reason="settled", learned_at=LATER)

        assert store.lake_holds() == [hold("H-2", None)]

    def test_has_its_id_for_ever(self, store: Store) -> None:
        store.place_lake_hold(hold())
        store.release_lake_hold("H-1", author="ben", reason="settled", learned_at=LATER)

        with pytest.raises(Conflict, match="There is a hold H-1 already"):
            store.place_lake_hold(hold())

    def test_that_is_not_in_force_cannot_be_released(self, store: Store) -> None:
        with pytest.raises(NotFound, match="There is no hold H-9 in force"):
            store.release_lake_hold("H-9", author="ben", reason="settled", learned_at=LATER)
        store.place_lake_hold(hold())
        store.release_lake_hold("H-1", author="ben", reason="settled", learned_at=LATER)
        with pytest.raises(NotFound, match="H-1"):
            store.release_lake_hold("H-1", author="ben", reason="again", learned_at=LATER)


class TestAReceivedFile:
    def test_is_about_the_time_of_its_readings(self, store: Store) -> None:
        channel = interval_channel()
        store.record_file(
            sha256="a" * 64,
            name="a file",
            format="csv",
            channels=[channel, register_channel()],
            quarantined=(),
            lake_files=(),
            learned_at=LATER,
        )
        store.record_compaction(compaction([]), based_on=1, learned_at=LATER)

        (one,) = store.received_stretches()

        readings = [*channel.readings, *register_channel().readings]
        assert (one.sha256, one.came) == ("a" * 64, LATER)
        assert one.begin == min(reading.start for reading in readings)
        assert one.until == max(reading.start + reading.seconds for reading in readings)

    def test_that_was_refused_is_about_no_time(self, store: Store) -> None:
        arrival = Arrival("bad.csv", "b" * 64, 12)
        store.record_refusal(
            arrival, "It is broken", format="", totals=ControlTotals(), learned_at=LATER
        )

        (one,) = store.received_stretches()

        assert (one.sha256, one.came, one.begin, one.until) == ("b" * 64, LATER, None, None)
