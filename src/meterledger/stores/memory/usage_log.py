"""The usage log in lists: findings, estimates, reviews, edits, efforts, runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.places import Agreement, MeterInstallation
from meterledger.facts.readings import ChannelReadings
from meterledger.facts.usage_log import (
    FindingOnFile,
    LoggedEstimate,
    LoggedFinding,
    MeterOnDay,
    ReadingEffort,
    UsageBatchDone,
    UsageBatchRecord,
    UsageEdit,
    UsageReview,
    UsageRun,
)
from meterledger.kernel.span import DaySpan
from meterledger.stores.kept import is_delivered_energy
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.stores.register_moves import differences
from meterledger.stores.usage_words import finding_not_open
from meterledger.usecases.ports import Conflict, ReceivedFile
from meterledger.usecases.usage_ports import LakePublication


class MemoryUsageLog:
    """The part of the store that keeps what was found, estimated and decided about usage."""

    _lock: threading.RLock
    _installations: TwoClocks[MeterInstallation]
    _agreements: TwoClocks[Agreement]
    _files: dict[str, ReceivedFile]
    _versions: list[tuple[datetime, tuple[str, ...]]]
    registers: list[tuple[str, ChannelReadings]]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._usage_runs: dict[str, UsageRun] = {}
        self._usage_batches: dict[tuple[str, int], UsageBatchDone] = {}
        self._findings: dict[str, LoggedFinding] = {}
        self._cleared: dict[str, datetime] = {}
        self._estimates: list[LoggedEstimate] = []
        self._reviews: list[UsageReview] = []
        self._edits: list[UsageEdit] = []
        self._efforts: list[ReadingEffort] = []

    def meters_on_day(
        self, day: date, known_at: datetime, meter_ids: Sequence[str] | None = None
    ) -> list[MeterOnDay]:
        """Every service point that has a meter or an agreement on the day, in order of its id."""
        self._look()
        with self._lock:
            agreements = self._agreements.known(known_at)
            now = {one.service_point_id: one.account_id for one in agreements if day in one.days}
            served = {
                point: min(
                    one.days.from_day
                    for one in agreements
                    if (one.service_point_id, one.account_id) == (point, account)
                )
                for point, account in now.items()
            }
            meters = [one for one in self._installations.known(known_at) if day in one.days]
        found = [
            MeterOnDay(
                one.service_point_id,
                one.meter_id,
                one.multiplier,
                one.days.from_day,
                one.service_point_id in served,
                one.began_second,
                served.get(one.service_point_id),
            )
            for one in meters
        ]
        bare = served.keys() - {one.service_point_id for one in meters}
        found += [MeterOnDay(point, None, 1, None, True, 0, served[point]) for point in bare]
        if meter_ids is not None:
            found = [one for one in found if one.meter_id in meter_ids]
        return sorted(found, key=lambda one: (one.service_point_id, one.meter_id or ""))

    def register_differences(
        self, meter_ids: Sequence[str], *, begin: int, until: int
    ) -> dict[str, int]:
        """By how many watt-hours registers moved between two instants at which they were read."""
        self._look()
        wanted = set(meter_ids)
        return differences(
            (one.channel, reading.start, reading.value)
            for _, one in self.registers
            if one.channel.meter_id in wanted and is_delivered_energy(one.channel)
            for reading in one.readings
            if reading.seconds == 0
            and reading.value is not None
            and reading.start in (begin, until)
        )

    def start_usage_run(self, run: UsageRun) -> None:
        """Write down that a run begins."""
        with self._lock:
            if run.run_id not in self._usage_runs:
                self._usage_runs[run.run_id] = run
                self._note("usage run", run.run_id, run.learned_at)

    def newest_usage_run(self, day: date) -> tuple[UsageRun, list[UsageBatchDone]] | None:
        """The run of the day that began last, with its finished batches, by number."""
        runs = [one for one in self._usage_runs.values() if one.day == day]
        if not runs:
            return None
        run = max(runs, key=lambda one: (one.learned_at, one.base_sequence, one.run_id))
        done = [one for key, one in self._usage_batches.items() if key[0] == run.run_id]
        return run, sorted(done, key=lambda one: one.number)

    def record_usage_batch(self, batch: UsageBatchRecord, publish: LakePublication | None) -> int:
        """Write a batch down and publish its lake files."""
        key = (batch.run.run_id, batch.number)
        with self._lock:
            known = self._usage_batches.get(key)
            if known is not None:
                return known.sequence
            sequence = self._publish(publish, batch.learned_at)
            for one in batch.findings:
                self._findings[one.finding_id] = one
            for finding_id in batch.cleared:
                self._cleared.setdefault(finding_id, batch.learned_at)
            self._estimates += [replace(one, sequence=sequence) for one in batch.estimates]
            self._usage_batches[key] = UsageBatchDone(*key, sequence, batch.counts)
            return sequence

    def _publish(self, publish: LakePublication | None, learned_at: datetime) -> int:
        newest = len(self._versions)
        if publish is None:
            return newest
        if publish.based_on != newest:
            raise Conflict.of_lake(publish.based_on, newest, publish.name)
        self._files[publish.sha256] = ReceivedFile(
            sha256=publish.sha256,
            name=publish.name,
            format=publish.format,
            reading_count=publish.reading_count,
            quarantined_count=0,
            learned_at=learned_at,
            lake_sequence=newest + 1,
        )
        moment = max(learned_at, self._versions[-1][0] if self._versions else learned_at)
        self._versions.append((moment, publish.lake_files))
        self._note("usage published", publish.sha256, learned_at)
        return newest + 1

    # ------------------------------------------------------------------------------ findings

    def findings_of_day(self, day: date, meters: Sequence[str]) -> list[FindingOnFile]:
        """All findings of the meters on a day, oldest first."""
        wanted = set(meters)
        found = self._on_file(lambda one: one.day == day and one.meter in wanted)
        return sorted(
            found,
            key=lambda one: (one.logged.learned_at, one.logged.meter, one.logged.finding.code),
        )

    def open_holds(self, meters: Sequence[str], days: DaySpan) -> list[FindingOnFile]:
        """Findings that keep days of the meters from being billed, by meter, day."""
        wanted = set(meters)
        found = self._on_file(lambda one: one.meter in wanted and one.day in days)
        return sorted(
            (one for one in found if one.holds),
            key=lambda one: (
                *(one.logged.meter, one.logged.day, one.logged.finding.code),
                one.logged.learned_at,
            ),
        )

    def review_queue(self, days: DaySpan | None = None, limit: int = 10_000) -> list[FindingOnFile]:
        """All findings that hold, oldest day first, then by meter's number and code."""
        found = self._on_file(lambda one: days is None or one.day in days)
        return sorted(
            (one for one in found if one.holds),
            key=lambda one: (
                *(one.logged.day, one.logged.meter_id, one.logged.finding.code),
                one.logged.learned_at,
            ),
        )[:limit]

    def finding_counts(self, days: DaySpan) -> dict[str, dict[str, int]]:
        """By meter's number, its findings of the days by code; cleared ones are left out."""
        counts: dict[str, dict[str, int]] = {}
        for one in self._on_file(lambda one: one.day in days):
            if one.cleared_at is None:
                by_code = counts.setdefault(one.logged.meter_id, {})
                code = one.logged.finding.code
                by_code[code] = by_code.get(code, 0) + 1
        return counts

    def findings_of_meter(self, meter_id: str, days: DaySpan | None = None) -> list[FindingOnFile]:
        """All findings of a meter, newest day first."""
        found = self._on_file(
            lambda one: one.meter_id == meter_id and (days is None or one.day in days)
        )
        return sorted(
            found,
            key=lambda one: (
                *(-one.logged.day.toordinal(), one.logged.finding.code),
                one.logged.learned_at,
            ),
        )

    def _on_file(self, wanted: Callable[[LoggedFinding], bool]) -> list[FindingOnFile]:
        self._look()
        with self._lock:
            newest = {
                finding_id: review for review in self._reviews for finding_id in review.finding_ids
            }
            return [
                FindingOnFile(one, self._cleared.get(finding_id), newest.get(finding_id))
                for finding_id, one in self._findings.items()
                if wanted(one)
            ]

    # ----------------------------------------------------------------------------- estimates

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter, in order of time and of publication."""
        self._look()
        return sorted(
            (
                one
                for one in self._estimates
                if one.meter_id == meter_id and (days is None or one.day in days)
            ),
            key=lambda one: (one.estimate.start, one.sequence),
        )

    def estimated_days(self, days: DaySpan) -> list[LoggedEstimate]:
        """Every estimate of the days, by meter's number and time."""
        self._look()
        return sorted(
            (one for one in self._estimates if one.day in days),
            key=lambda one: (one.meter_id, one.estimate.start, one.sequence),
        )

    # ------------------------------------------------------------------------------- reviews

    def record_review(
        self,
        review: UsageReview,
        edit: UsageEdit | None,
        publish: LakePublication | None,
        estimates: Sequence[LoggedEstimate] = (),
    ) -> int:
        """Write down a person's decision, with the new lake version of an edit or an estimate."""
        with self._lock:
            newest = {
                finding_id: one for one in self._reviews for finding_id in one.finding_ids
            }  # fmt: skip
            for finding_id in review.finding_ids:
                one = self._findings.get(finding_id)
                if (
                    one is None
                    or (one.meter, one.day) != (review.meter, review.day)
                    or not FindingOnFile(
                        one, self._cleared.get(finding_id), newest.get(finding_id)
                    ).holds
                ):
                    raise finding_not_open(review)
            sequence = self._publish(publish, review.at)
            seen = sequence if publish is not None else review.sequence
            self._reviews.append(replace(review, sequence=seen))
            if edit is not None:
                self._edits.append(edit)
            self._estimates += [replace(one, sequence=sequence) for one in estimates]
            self._note("usage reviewed", review.meter_id, review.at)
            return sequence

    def reviews_of_meter(self, meter_id: str) -> list[UsageReview]:
        """Decisions about a meter's days, oldest first."""
        self._look()
        return _of(self._reviews, meter_id)

    def edits_of_meter(self, meter_id: str) -> list[UsageEdit]:
        """Edits of a meter's values, oldest first."""
        self._look()
        return [one for one in self._edits if one.meter_id == meter_id]

    def record_effort(self, effort: ReadingEffort) -> None:
        """Write down an effort to obtain a reading."""
        with self._lock:
            self._efforts.append(effort)
            self._note("effort to read", effort.meter_id, effort.at)

    def efforts_of_meter(self, meter_id: str) -> list[ReadingEffort]:
        """Efforts to obtain readings of a meter, oldest first."""
        self._look()
        return [one for one in self._efforts if one.meter_id == meter_id]

    # Answered by the rest of the store.

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError


def _of(reviews: Iterable[UsageReview], meter_id: str) -> list[UsageReview]:
    return [one for one in reviews if one.meter_id == meter_id]
