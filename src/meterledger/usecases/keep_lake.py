"""Keep the lake: put months together, sweep what nobody reads any more, delete on schedule.

Lives here      the three journeys, each safe to stop at any instant and to run again.
Lives elsewhere when data may go (``usage.decide_retention``), the files (``stores/lake``), what
                speaks and what is held (``LakeLog``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from meterledger.facts.lake_log import RETENTION, SUPERSEDED, Compaction, FileOnDisk, Tombstone
from meterledger.kernel.months import months_after
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage import RetentionFacts, decide_retention
from meterledger.usecases.lake_ports import LakeFiles, LakeLog
from meterledger.usecases.ports import Conflict


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one month. ``sequence`` is None where somebody else published meanwhile."""

    compaction: Compaction
    sequence: int | None
    conflict: str = ""


def compact_lake(
    *,
    store: LakeLog,
    files: LakeFiles,
    before: str,
    learned_at: datetime,
    progress: Callable[[int], None] | None = None,
) -> list[Compacted]:
    """Put the files of every month before ``before`` together, month by month.

    Each month is published by itself: a stop leaves the months before it done and the others as
    they were. Where readings of the month came in meanwhile, nothing of it changes; run it again.
    """
    done: list[Compacted] = []
    with files.alone():
        for month in files.months(store.lake_sequence()):
            if month >= before:
                break
            done.append(_compact_month(store, files, month, learned_at))
            if progress is not None:
                progress(1)
        files.sync_delta(store.lake_sequence())  # also what a run that was stopped left to do
    return done


def _compact_month(store: LakeLog, files: LakeFiles, month: str, learned_at: datetime) -> Compacted:
    based_on = store.lake_sequence()
    compaction = files.compact(month, learned_at=learned_at, at_sequence=based_on)
    if not compaction.superseded:
        return Compacted(compaction, None)
    try:
        sequence = store.record_compaction(compaction, based_on=based_on, learned_at=learned_at)
    except Conflict as conflict:
        return Compacted(compaction, None, conflict.sentence)
    return Compacted(compaction, sequence)


@dataclass(frozen=True, slots=True)
class Swept:
    """What was, or would be, removed: files that a compaction replaced, and strays."""

    removed: tuple[FileOnDisk, ...]
    pinned_count: int
    stray_count: int


def sweep_lake(
    *,
    store: LakeLog,
    files: LakeFiles,
    on: date,
    margin_days: int,
    now: datetime,
    dry_run: bool = False,
) -> Swept:
    """Remove files that a compaction replaced longer ago than the margin and no bill may read.

    A bill that read the lake while such a file spoke keeps it, so that the bill can be recomputed
    from the very bytes it was made of. Files of writes that were stopped go too.
    """
    until = now - timedelta(days=margin_days)
    with files.alone():
        _finish(store, files, dry_run)
        candidates = files.days_of(store.superseded_before(until))
        pinned = store.pinned_by_bills(candidates)
        doomed = files.on_disk(sorted(candidates.keys() - pinned))
        strays = files.strays(store.lake_files(store.lake_sequence()), before=until)
        if not dry_run:
            reason = f"a compaction holds its values, and no bill issued by {on} was made of it"
            _delete(store, files, [Tombstone(one, SUPERSEDED, reason, on, now) for one in doomed])
            files.remove(strays)
    return Swept(tuple(doomed), len(pinned), len(strays))


@dataclass(frozen=True, slots=True)
class MonthKept:
    """What the schedule says of one month. ``held`` files stay because of a hold."""

    month: str
    may_be_deleted: bool
    kept_until: date | None
    reason: str
    deleted: tuple[FileOnDisk, ...]
    held: tuple[str, ...]


def retain_lake(
    *,
    store: LakeLog,
    files: LakeFiles,
    view: BookView,
    on: date,
    learned_at: datetime,
    dry_run: bool = False,
) -> list[MonthKept]:
    """Delete the months whose time is over on the day, by the sheet and the reading over it.

    The time of a month begins with the last bill that relied on it, or with its own last day. A
    file that a hold touches stays, with everything in it, until the hold is released.
    """
    told: list[MonthKept] = []
    with files.alone():
        _finish(store, files, dry_run)
        erased = store.erased_lake_files()
        standing = [name for name in store.lake_files(store.lake_sequence()) if name not in erased]
        tombstones: list[Tombstone] = []
        for month, days, names in _by_month(files.days_of(standing)):
            kept, doomed = _decide_month(store, files, view, on, month, days, names)
            told.append(kept)
            tombstones += [Tombstone(one, RETENTION, kept.reason, on, learned_at) for one in doomed]
        if not dry_run:
            _delete(store, files, tombstones)
    return told


def _by_month(days_of: dict[str, DaySpan]) -> list[tuple[str, DaySpan, list[str]]]:
    names: dict[date, list[str]] = {}
    for name, days in days_of.items():
        names.setdefault(days.from_day.replace(day=1), []).append(name)
    return [
        (first.isoformat()[:7], DaySpan(first, months_after(first, 1)), names[first])
        for first in sorted(names)
    ]


def _decide_month(
    store: LakeLog,
    files: LakeFiles,
    view: BookView,
    on: date,
    month: str,
    days: DaySpan,
    names: Sequence[str],
) -> tuple[MonthKept, list[FileOnDisk]]:
    billed = store.newest_bill_over(days)
    relied_on = max(days.last_day, billed or days.last_day)
    if relied_on >= on:
        reason = f"{relied_on} is not over: the month is in use"
        return MonthKept(month, False, None, reason, (), ()), []
    decision = decide_retention(RetentionFacts(relied_on, open_case=False), Terms(view, on))
    outcome = decision.outcome
    since = "its last bill" if relied_on == billed else "its own last day"
    told = "; ".join(f"{one.finding} ({one.citation.text})" for one in decision.reasons)
    reason = f"counted from {since}: {told}"
    held: list[str] = []
    doomed: list[FileOnDisk] = []
    if outcome.may_be_deleted:
        holds = [one for one in store.lake_holds() if one.from_month <= month <= one.last_month]
        held = [
            name
            for name in names
            if any(one.meter is None or files.bucket_holds(name, one.meter) for one in holds)
        ]
        doomed = files.on_disk(name for name in names if name not in set(held))
    kept = MonthKept(
        month, outcome.may_be_deleted, outcome.kept_until, reason, tuple(doomed), tuple(held)
    )
    return kept, doomed


def _delete(store: LakeLog, files: LakeFiles, tombstones: Sequence[Tombstone]) -> None:
    """First the record, then the Delta log, then the bytes: a stop in between is finished later."""
    if tombstones:
        store.record_tombstones(tombstones)
        files.sync_delta(store.lake_sequence())
        files.remove([one.file.lake_file for one in tombstones])


def _finish(store: LakeLog, files: LakeFiles, dry_run: bool) -> None:
    """Remove what has its tombstone and is still there: an earlier run was stopped."""
    left = files.remaining(_names(store.erased_lake_files()))
    if left and not dry_run:
        files.sync_delta(store.lake_sequence())
        files.remove(left)


def _names(tombstones: Iterable[str]) -> list[str]:
    return sorted(tombstones)
