"""A lake whose log is the memory store's, so that its months can be put together and deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.stores.lake.lake_world import CHICAGO, LakeWorld

from meterledger.kernel.ids import BUCKET_COUNT
from meterledger.stores.lake import IntervalLake, LakeUpkeep
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.keep_lake import Compacted, compact_lake

COMPACTED_AT = datetime(2025, 9, 1, 3, tzinfo=UTC)


class KeptWorld(LakeWorld):
    """The lake of the other tests, published in a store."""

    def __init__(
        self, folder: Path, *, store: MemoryStore | None = None, bucket_count: int = BUCKET_COUNT
    ) -> None:
        super().__init__(folder, bucket_count=bucket_count)
        self.store = store or MemoryStore()
        self.lake = IntervalLake(
            folder,
            zone=CHICAGO,
            files_at=self.store.lake_files,
            superseded_at=self.store.superseded_lake_files,
            erased=self.store.erased_lake_files,
            newest=self.store.lake_sequence,
            bucket_count=bucket_count,
        )

    def files_at(self, sequence: int) -> list[str]:
        return self.store.lake_files(sequence)

    @property
    def sequence(self) -> int:
        return self.store.lake_sequence()

    def publish(self, names: list[str]) -> int:
        received = self.store.record_file(
            sha256=f"{self.sequence + 1:064x}",
            name="a file",
            format="csv",
            channels=(),
            quarantined=(),
            lake_files=names,
            learned_at=self.learned_at,
        )
        return received.lake_sequence

    def compact(self, before: str, *, at: datetime = COMPACTED_AT) -> list[Compacted]:
        return compact_lake(
            store=self.store, files=LakeUpkeep(self.lake), before=before, learned_at=at
        )
