"""The intake's book: every row balances, nothing is received twice, refusals leave a trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.stores.paper_town import ANALYST, LATER, UNUSABLE, interval_channel, register_channel

from meterledger.facts.intake import (
    REJECTED,
    RELEASED,
    Arrival,
    ControlTotals,
    Count,
    QuarantineOutcome,
    totals_of_refused,
)
from meterledger.facts.readings import ChannelTold, QuarantinedLine, ReadingFile
from meterledger.facts.sources import ED25519, UNSIGNED, Source
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.usecases.intake_ports import SequenceSeen
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store

ZONE = "America/Chicago"
DAY = date(2025, 3, 1)
RUN = QuarantinedLine(3, b"{}", "Meter M-9 is not installed anywhere.", 4, Fraction(1000))
FINE = QuarantinedLine(4, b"{}", "Finer than a watt-hour.", 1, Fraction(1, 8))


def hash_of(number: int) -> str:
    return f"{number:064x}"


def arrival_of(number: int, source: str = "", sequence: int | None = None) -> Arrival:
    return Arrival(f"file {number}", hash_of(number), 10, source, "test", {"unit": "kWh"}, sequence)


def receive(store: Store, number: int, source: str = "", sequence: int | None = None) -> None:
    store.record_file(
        sha256=hash_of(number),
        name=f"file {number}",
        format="csv",
        channels=[interval_channel(), register_channel(value=7)],
        quarantined=[UNUSABLE, RUN],
        lake_files=[],
        learned_at=LATER,
        arrival=arrival_of(number, source, sequence),
    )


def refuse(store: Store, number: int, sequence: int | None = None, source: str = "") -> None:
    file = ReadingFile("file", hash_of(number), "csv", (interval_channel(),), (UNUSABLE,))
    store.record_refusal(
        arrival_of(number, source, sequence),
        "It is broken.",
        format="csv",
        totals=totals_of_refused(file),
        learned_at=LATER,
    )


def totals(store: Store) -> ControlTotals:
    days = store.intake_days(DAY, DAY, zone_name=ZONE)
    return ControlTotals.sum_of(one.totals for one in days)


def holds(store: Store) -> bool:
    """What ``verify`` says of the book; dictionaries have no second account to compare with."""
    if not isinstance(store, PostgresStore):
        return True
    with store.viewing(ANALYST, ["all"]):
        said = {name: broken for name, _, broken in verify_invariants(store)}
    broken = [broken for name, broken in said.items() if name.startswith("control totals")]
    assert broken == [[]]
    return True


class TestAStoredFile:
    def test_counts_rows_and_watt_hours_on_each_side(self, store: Store) -> None:
        receive(store, 1)

        found = totals(store)
        assert found.stored == Count(1, 4, Fraction(250))  # registers are rows without energy
        assert found.quarantined == Count(0, 5, Fraction(1000))
        assert found.refused == Count()
        assert found.received == Count(1, 9, Fraction(1250))
        assert found.unread_rows == 1
        assert holds(store)

    def test_that_comes_again_is_a_repeat_and_not_received(self, store: Store) -> None:
        receive(store, 1)
        before = totals(store)
        store.record_repeat(arrival_of(1), learned_at=LATER)

        (day,) = store.intake_days(DAY, DAY, zone_name=ZONE)
        assert day.totals == before
        assert day.repeated == 1
        assert holds(store)

    def test_keeps_energy_finer_than_a_watt_hour_exactly(self, store: Store) -> None:
        store.record_file(
            sha256=hash_of(1),
            name="file 1",
            format="csv",
            channels=[],
            quarantined=[FINE] * 3,
            lake_files=[],
            learned_at=LATER,
        )
        assert totals(store).quarantined.energy_wh == Fraction(3, 8)
        assert holds(store)

    def test_counts_channels_of_blocks_with_the_others(self, store: Store) -> None:
        told = ChannelTold(interval_channel("M-2").channel, 96, 90, 0, 86_400, Decimal("12.125"))
        received = store.record_file(
            sha256=hash_of(1),
            name="file 1",
            format="cmep",
            channels=[interval_channel()],
            quarantined=[],
            lake_files=[],
            learned_at=LATER,
            told=[told],
        )
        assert received.reading_count == 98
        assert totals(store).stored == Count(1, 98, Fraction(250 + 12_125))
        assert holds(store)


class TestARefusedFile:
    def test_leaves_its_sentence_hash_and_totals(self, store: Store) -> None:
        refuse(store, 1)

        assert totals(store).refused == Count(1, 3, Fraction(250))
        with store.viewing(ANALYST, ["intake"]):
            (row,) = store.movements(DAY, DAY, zone_name=ZONE, status="refused")
            assert store.movements_of(hash_of(1)) == [row]
        assert (row.refusal, row.arrival.sha256) == ("It is broken.", hash_of(1))
        assert row.arrival == arrival_of(1)

    def test_that_is_refused_again_is_received_once(self, store: Store) -> None:
        refuse(store, 1)
        refuse(store, 1)
        assert totals(store).received == Count(1, 3, Fraction(250))
        assert holds(store)

    def test_that_is_stored_later_moves_from_one_side_to_the_other(self, store: Store) -> None:
        refuse(store, 1)
        receive(store, 1)
        assert totals(store).refused == Count()
        assert totals(store).stored == Count(1, 4, Fraction(250))
        assert holds(store)

    def test_takes_nothing_from_a_stored_one_of_the_same_bytes(self, store: Store) -> None:
        receive(store, 1)
        before = totals(store)
        refuse(store, 1)
        assert totals(store) == before
        assert holds(store)

    def test_may_have_a_name_of_bytes_that_no_letter_stands_for(self, store: Store) -> None:
        arrival = replace(arrival_of(1), name="\udcff\0.cmep", given={"unit": "\0"})
        store.record_refusal(
            arrival,
            "It begins '\0\udcff'.",
            format="",
            totals=totals_of_refused(None),
            learned_at=LATER,
        )
        store.record_file(
            sha256=hash_of(1),
            name=arrival.name,
            format="csv",
            channels=[],
            quarantined=[QuarantinedLine(1, b"\0", "Its unit is '\0'.")],
            lake_files=[],
            learned_at=LATER,
            arrival=arrival,
        )
        assert totals(store).stored.files == 1
        assert holds(store)

    def test_whose_bytes_could_not_be_had_counts_as_a_file(self, store: Store) -> None:
        for _ in range(2):
            store.record_refusal(
                Arrival("gone.csv", None, None),
                "It is gone.",
                format="",
                totals=totals_of_refused(None),
                learned_at=LATER,
            )
        assert totals(store).refused == Count(2)
        assert holds(store)


class TestTheBook:
    def test_is_summed_by_local_day_and_source(self, store: Store) -> None:
        receive(store, 1, "north")
        receive(store, 2)
        midnight = datetime(2025, 3, 2, 6, tzinfo=UTC)  # local midnight
        for number, moment in ((3, midnight - timedelta(seconds=1)), (4, midnight)):
            store.record_refusal(
                arrival_of(number, "north"),
                "It is broken.",
                format="",
                totals=totals_of_refused(None),
                learned_at=moment,
            )
        days = store.intake_days(DAY, DAY + timedelta(days=1), zone_name=ZONE)
        assert [(one.day, one.source, one.totals.received.files) for one in days] == [
            (DAY, "", 1),
            (DAY, "north", 2),
            (DAY + timedelta(days=1), "north", 1),
        ]
        only = store.intake_days(DAY, DAY, zone_name=ZONE, source="north")
        assert [one.totals.received.files for one in only] == [2]

    def test_is_read_by_a_viewer_alone(self, store: Store) -> None:
        refuse(store, 1)
        with pytest.raises(NotViewing):
            store.movements(DAY, DAY, zone_name=ZONE)
        with pytest.raises(NotViewing):
            store.movements_of(hash_of(1))
        with pytest.raises(NotViewing):
            store.quarantined_items()

    def test_balances_when_many_write_at_once(self, store: Store) -> None:
        def work(number: int) -> None:
            if number % 3:
                refuse(store, number % 5)
                return
            try:
                receive(store, number % 5)
            except Conflict:
                store.record_repeat(arrival_of(number % 5), learned_at=LATER)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(40)))
        assert totals(store).received.files == 5
        assert holds(store)


class TestSources:
    def test_are_described_anew_and_the_newest_counts(self, store: Store) -> None:
        first = Source("north", UNSIGNED, "", is_sequenced=False, learned_at=LATER)
        then = replace(first, scheme=ED25519, key="ab" * 32, is_sequenced=True)
        store.add_source(first)
        store.add_source(Source("east", UNSIGNED, "", is_sequenced=False, learned_at=LATER))
        store.add_source(then)
        assert [one.name for one in store.sources()] == ["east", "north"]
        assert store.sources()[1] == then

    def test_use_a_number_once(self, store: Store) -> None:
        receive(store, 1, "north", 7)
        receive(store, 2, "east", 7)
        with pytest.raises(Conflict, match="north has sent a file with the number 7 already"):
            receive(store, 3, "north", 7)
        assert store.received_file(hash_of(3)) is None
        assert store.sequence_seen("north", 7) == SequenceSeen(7, hash_of(1))
        assert store.sequence_seen("north", 8) == SequenceSeen(7, None)
        assert store.sequence_seen("west", 1) == SequenceSeen(None, None)
        assert holds(store)

    def test_have_gaps_where_numbers_never_came(self, store: Store) -> None:
        for number in (3, 4, 9, 6):
            refuse(store, number, number, "north")
        assert store.sequence_gaps("north") == [(5, 5), (7, 8)]
        assert store.sequence_gaps("east") == []


class TestQuarantine:
    def test_lists_lines_with_numbers_of_their_own(self, store: Store) -> None:
        receive(store, 1)
        receive(store, 2)
        with store.viewing(ANALYST, ["quarantine"]):
            items = store.quarantined_items()
            assert [one.line for one in items] == [UNUSABLE, RUN] * 2
            assert len({one.quarantine_id for one in items}) == 4
            assert store.quarantined_item(items[3].quarantine_id) == items[3]
            assert [one.sha256 for one in store.quarantined_items(sha256=hash_of(2))] == [
                hash_of(2)
            ] * 2
            with pytest.raises(NotFound, match="There is no line 999 in the quarantine"):
                store.quarantined_item(999)

    def test_lets_a_line_out_once(self, store: Store) -> None:
        receive(store, 1)
        rejected = QuarantineOutcome(REJECTED, "Ana", "a test meter", LATER)
        with store.viewing(ANALYST, ["quarantine"]):
            item = store.quarantined_items()[1]
            store.record_rejection(item, rejected)
            with pytest.raises(Conflict, match="has its outcome already"):
                store.record_rejection(item, rejected)
            assert [one.line for one in store.quarantined_items()] == [UNUSABLE]
            assert store.quarantined_item(item.quarantine_id).outcome == rejected

        assert totals(store).quarantined == Count(0, 1)
        assert totals(store).refused == Count(0, 4, Fraction(1000))
        assert totals(store).received == Count(1, 9, Fraction(1250))
        assert holds(store)

    def test_releases_with_a_publication_or_not_at_all(self, store: Store) -> None:
        receive(store, 1)
        with store.viewing(ANALYST, ["quarantine"]):
            item = store.quarantined_items()[1]
            released = QuarantineOutcome(RELEASED, "Ana", "installed", LATER, "e" * 64)

            def release(sha256: str) -> None:
                store.record_file(
                    sha256=sha256,
                    name="file 1, line 3",
                    format="release",
                    channels=[interval_channel()],
                    quarantined=[],
                    lake_files=[],
                    learned_at=LATER,
                    arrival=arrival_of(1),
                    releases=(item, replace(released, release_sha256=sha256)),
                )

            release("e" * 64)
            with pytest.raises(Conflict):
                release("d" * 64)
            assert store.received_file("d" * 64) is None
            assert store.lake_sequence() == 2

        assert totals(store).stored == Count(1, 6, Fraction(500))
        assert totals(store).quarantined == Count(0, 1)
        assert holds(store)


class TestLaterFiles:
    """A source's numbers decide, then when files say they were made, then when they came."""

    BEGIN, UNTIL = 1_735_711_200, 1_735_713_000

    def put(
        self, store: Store, number: int, *, minutes: int = 0, meter: str = "M-1", **how: object
    ) -> None:
        store.record_file(
            sha256=hash_of(number),
            name=f"file {number}",
            format="csv",
            channels=[interval_channel(meter)],
            quarantined=[],
            lake_files=[],
            learned_at=LATER + timedelta(minutes=minutes),
            arrival=replace(arrival_of(number), **how),  # type: ignore[arg-type]
        )

    def later(self, store: Store, number: int, *, minutes: int = 60, **how: object) -> list[str]:
        found = store.later_files(
            replace(arrival_of(number), **how),  # type: ignore[arg-type]
            ["M-1"],
            begin=self.BEGIN,
            until=self.UNTIL,
            learned_at=LATER + timedelta(minutes=minutes),
        )
        return [one.name for one in found]

    def test_are_none_where_nothing_says_so(self, store: Store) -> None:
        self.put(store, 1)
        assert self.later(store, 2) == []
        assert self.later(store, 2, made_at=5) == []

    def test_say_when_they_were_made(self, store: Store) -> None:
        self.put(store, 1, made_at=10)
        self.put(store, 3, made_at=12, minutes=1)
        assert self.later(store, 2, made_at=11) == ["file 3"]
        assert self.later(store, 2, made_at=12) == []
        assert self.later(store, 2, made_at=9) == ["file 1", "file 3"]

    def test_have_a_higher_number_of_the_same_source(self, store: Store) -> None:
        self.put(store, 1, source="north", sequence=8, made_at=1)
        self.put(store, 2, source="east", sequence=9, made_at=1)
        assert self.later(store, 3, source="north", sequence=7, made_at=2) == ["file 1"]
        assert self.later(store, 3, source="north", sequence=9, made_at=0) == ["file 2"]

    def test_came_later_where_a_file_is_tried_again(self, store: Store) -> None:
        refuse(store, 1)
        self.put(store, 2, minutes=5)
        assert self.later(store, 1) == ["file 2"]
        assert self.later(store, 3) == []

    def test_are_about_the_same_meter_and_time(self, store: Store) -> None:
        self.put(store, 1, made_at=10, meter="M-2")
        self.put(store, 2, made_at=10)
        assert self.later(store, 3, made_at=1) == ["file 2"]
        found = store.later_files(
            replace(arrival_of(3), made_at=1),
            ["M-1"],
            begin=self.UNTIL + 1,
            until=self.UNTIL + 900,
            learned_at=LATER,
        )
        assert found == []

    def test_tell_what_was_given_with_them(self, store: Store) -> None:
        self.put(store, 1, made_at=10)
        (found,) = store.later_files(
            replace(arrival_of(2), made_at=1),
            ["M-1"],
            begin=self.BEGIN,
            until=self.UNTIL,
            learned_at=LATER,
        )
        assert (found.sha256, dict(found.given)) == (hash_of(1), {"unit": "kWh"})
