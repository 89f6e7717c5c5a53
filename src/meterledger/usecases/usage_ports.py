"""What the journeys of usage need of the store: findings, estimates, reviews, edits, efforts, runs.

Lives here      the port ``UsageLog``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/usage_log``).

Instants are UTC and given by the caller. Reads are usage data: they need a viewer and a purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.usage_log import (
    FindingOnFile,
    LoggedEstimate,
    MeterOnDay,
    ReadingEffort,
    UsageBatchDone,
    UsageBatchRecord,
    UsageEdit,
    UsageReview,
    UsageRun,
)
from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class LakePublication:
    """Lake files to publish with a record: their source's hash and name, and what they saw."""

    sha256: str
    name: str
    format: str
    reading_count: int
    lake_files: tuple[str, ...]
    based_on: int


class UsageLog(Protocol):
    """What was found, estimated and decided about meter-days. Append-only."""

    def meters_on_day(
        self, day: date, known_at: datetime, meter_ids: Sequence[str] | None = None
    ) -> list[MeterOnDay]:
        """Every service point that has a meter or an agreement on the day, in order of its id.

        With ``meter_ids`` only those meters, and no place without one.
        """

    def register_differences(
        self, meter_ids: Sequence[str], *, begin: int, until: int
    ) -> dict[str, int]:
        """By how many watt-hours registers moved between two instants at which they were read.

        Meters (by their numbers) of which either reading is missing are left out, and those whose
        register went backwards. Readings are at the meter's own scale, like its intervals.
        """

    def start_usage_run(self, run: UsageRun) -> None:
        """Write down that a run begins. The same run again changes nothing."""

    def newest_usage_run(self, day: date) -> tuple[UsageRun, list[UsageBatchDone]] | None:
        """The run of the day that began last, with its finished batches, by number."""

    def record_usage_batch(self, batch: UsageBatchRecord, publish: LakePublication | None) -> int:
        """Write a batch down and publish its lake files, in one transaction: all or nothing.

        Returns the lake's newest sequence after it. A batch that is on record changes nothing.

        :raises Conflict: if somebody has published since ``publish.based_on``
        """

    def findings_of_day(self, day: date, meters: Sequence[str]) -> list[FindingOnFile]:
        """All findings of the meters (pseudonyms) on a day, oldest first."""

    def open_holds(self, meters: Sequence[str], days: DaySpan) -> list[FindingOnFile]:
        """Findings that keep days of the meters (pseudonyms) from being billed, by meter, day."""

    def review_queue(self, days: DaySpan | None = None, limit: int = 10_000) -> list[FindingOnFile]:
        """All findings that hold, oldest day first, then by meter's number and code."""

    def finding_counts(self, days: DaySpan) -> dict[str, dict[str, int]]:
        """By meter's number, its findings of the days by code; cleared ones are left out."""

    def findings_of_meter(self, meter_id: str, days: DaySpan | None = None) -> list[FindingOnFile]:
        """All findings of a meter (by its number), newest day first."""

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter (by its number), in order of time and of publication."""

    def estimated_days(self, days: DaySpan) -> list[LoggedEstimate]:
        """Every estimate of the days, by meter's number and time."""

    def record_review(
        self,
        review: UsageReview,
        edit: UsageEdit | None,
        publish: LakePublication | None,
        estimates: Sequence[LoggedEstimate] = (),
    ) -> int:
        """Write down a person's decision, with the new lake version of an edit or an estimate.

        Returns the lake's newest sequence after it.

        :raises Conflict: if a finding it names is not on file or is settled already, or if
            somebody has published since ``publish.based_on``
        """

    def reviews_of_meter(self, meter_id: str) -> list[UsageReview]:
        """Decisions about a meter's days, oldest first."""

    def edits_of_meter(self, meter_id: str) -> list[UsageEdit]:
        """Edits of a meter's values, oldest first."""

    def record_effort(self, effort: ReadingEffort) -> None:
        """Write down an effort to obtain a reading."""

    def efforts_of_meter(self, meter_id: str) -> list[ReadingEffort]:
        """Efforts to obtain readings of a meter, oldest first."""
