"""Received files and lake versions: once for a hash, in order, never backwards; on both stores."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from tests.stores.paper_town import LATER, UNUSABLE, interval_channel, register_channel

from meterledger.facts.readings import ChannelReadings, QuarantinedLine
from meterledger.usecases.ports import Conflict, ReceivedFile, Store


def receive(
    store: Store,
    number: int,
    *,
    channels: Sequence[ChannelReadings] = (),
    quarantined: Sequence[QuarantinedLine] = (),
    files: Sequence[str] = (),
    at: datetime = LATER,
    based_on: int | None = None,
) -> ReceivedFile:
    return store.record_file(
        sha256=f"{number:064x}",
        name=f"file {number}",
        format="csv",
        channels=channels,
        quarantined=quarantined,
        lake_files=files,
        learned_at=at,
        based_on=based_on,
    )


class TestReceivingAFile:
    def test_is_known_by_its_hash_afterwards(self, store: Store) -> None:
        received = receive(
            store, 1, channels=[interval_channel(), register_channel()], quarantined=[UNUSABLE]
        )

        assert received == ReceivedFile(f"{1:064x}", "file 1", "csv", 4, 1, LATER, 1)
        assert store.received_file(received.sha256) == received
        assert store.received_file("f" * 64) is None

    def test_is_refused_a_second_time_and_changes_nothing(self, store: Store) -> None:
        receive(store, 1, files=["a.parquet"])

        with pytest.raises(Conflict, match=r"A file with the hash 0{16}\.\.\. is stored"):
            receive(store, 1, files=["b.parquet"])

        assert store.lake_sequence() == 1
        assert store.lake_files(9) == ["a.parquet"]

    def test_publishes_its_lake_files_as_the_next_sequence(self, store: Store) -> None:
        assert store.lake_sequence() == 0
        receive(store, 1, files=["b.parquet", "a.parquet"])
        receive(store, 2)
        receive(store, 3, files=["c.parquet"])

        assert store.lake_sequence() == 3
        assert store.lake_files(0) == []
        assert store.lake_files(1) == ["b.parquet", "a.parquet"]
        assert store.lake_files(2) == ["b.parquet", "a.parquet"]
        assert store.lake_files(3) == ["b.parquet", "a.parquet", "c.parquet"]

    def test_refuses_a_lake_file_that_is_published(self, store: Store) -> None:
        receive(store, 1, files=["a.parquet"])

        with pytest.raises(Conflict, match=r"lake file a.parquet is published already"):
            receive(store, 2, files=["a.parquet"])

        assert store.received_file(f"{2:064x}") is None
        assert store.lake_sequence() == 1

    def test_refuses_what_was_merged_with_an_older_version(self, store: Store) -> None:
        receive(store, 1, based_on=0)

        with pytest.raises(Conflict, match=r"was at sequence 0 when .* and is at 1 now"):
            receive(store, 2, files=["stale.parquet"], based_on=0)

        assert store.lake_files(9) == []
        receive(store, 2, based_on=1)

    def test_counts_every_one_of_many_at_once(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            received = list(pool.map(lambda number: receive(store, number), range(1, 25)))

        assert sorted(one.lake_sequence for one in received) == list(range(1, 25))

    def test_takes_one_of_many_with_one_hash(self, store: Store) -> None:
        def attempt(_: int) -> bool:
            try:
                receive(store, 1, files=["a.parquet"])
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(16))) == 1


class TestWhatTheLakeKnewWhen:
    def test_is_the_newest_sequence_learned_by_the_instant(self, store: Store) -> None:
        receive(store, 1, at=LATER)
        receive(store, 2, at=LATER + timedelta(hours=1))

        assert store.lake_sequence_known_at(LATER - timedelta(seconds=1)) == 0
        assert store.lake_sequence_known_at(LATER) == 1
        assert store.lake_sequence_known_at(LATER + timedelta(minutes=59)) == 1
        assert store.lake_sequence_known_at(LATER + timedelta(hours=1)) == 2

    def test_never_runs_backwards_when_a_slow_command_publishes_late(self, store: Store) -> None:
        receive(store, 1, at=LATER + timedelta(hours=1))
        late = receive(store, 2, at=LATER)

        assert late.learned_at == LATER  # the file says when its command began
        assert store.lake_sequence_known_at(LATER) == 0  # and shows nothing learned after that
        assert store.lake_sequence_known_at(LATER + timedelta(hours=1)) == 2
