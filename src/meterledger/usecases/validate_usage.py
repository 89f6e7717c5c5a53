"""Validate and estimate a local day: findings recorded, gaps filled, everybody accounted for.

Each batch of neighboring meters is recorded in one transaction with the lake version of its
estimates, so a run may be killed anywhere and run again: finished batches are not done twice, and a
day that is done is only answered for. Meter-days = complete + estimated + held + no meter.

Lives here      the journey: read, check, fill, write, record.
Lives elsewhere the checks and the ladder (``usage``), the order of rows (``usage_days``), filling
                (``fill_gaps``), what becomes of held days (``review_usage``), bills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.meters import MeterKind
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Reading,
)
from meterledger.facts.usage import KnownInterval, window_seconds
from meterledger.facts.usage_log import (
    VALUES,
    FindingOnFile,
    LoggedEstimate,
    LoggedFinding,
    MeterOnDay,
    UsageBatchDone,
    UsageBatchRecord,
    UsageCounts,
    UsageRun,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ids import bucket_of, pseudonym
from meterledger.kernel.months import years_after
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usage import (
    NOT_KNOWN,
    VACANT,
    DayBlock,
    DayFindings,
    FillingPlan,
    MeterFacts,
    Storm,
    ValidationTerms,
    estimated_slots,
    history_of,
    validate_day,
)
from meterledger.usecases.fill_gaps import NO_RUNG, FilledDay, fill_days
from meterledger.usecases.meter_ports import MeterFile
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.usage_days import (
    DayLake,
    DayOfMeters,
    missing_slots,
    one_day,
    read_day,
    read_past_day,
)
from meterledger.usecases.usage_ports import LakePublication, UsageLog

BATCH_METERS = 8192
"""Enough meters that a read of a day costs little for each, few enough that a month of those with
gaps and a dozen days of all stay below some hundred MB."""

LIKE_DAYS = (7, 14, 21, 28)
RECENT_DAYS = 7
GAP = "usage.gap"
NOT_GIVEN = "usage.refused"
BY_HAND = "usage.by_hand"
ATTEMPTS = 5

Progress = Callable[[int], None]


class UsageStore(UsageLog, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch the stretch."""

    def meter_file(self, meter_id: str, known_at: datetime) -> MeterFile:
        """All that is known of a meter."""


class UsageLake(DayLake, Protocol):
    """What this journey needs of the lake."""

    def flows(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> dict[str, Flow]:
        """In which direction each meter's delivered energy is kept on the days."""

    def write(
        self,
        channels: Sequence[tuple[str, ChannelReadings]],
        *,
        source_sha256: str,
        learned_at: datetime,
        at_sequence: int,
    ) -> list[str]:
        """Write new versions of meter-days; visible once published."""


@dataclass(slots=True)
class UsageReport:
    """What a run did. ``known`` says that the day was done and nothing has come since."""

    day: date
    run_id: str
    counts: UsageCounts = field(default_factory=UsageCounts)
    by_code: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    known: bool = False
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class _Terms:
    """Everything that is the same for every batch of a run."""

    run: UsageRun
    view: BookView
    known_at: datetime
    cause: EstimateCause
    storms: tuple[Storm, ...]
    checks: ValidationTerms


def validate_usage(
    *,
    day: date,
    known_at: datetime,
    store: UsageStore,
    lake: UsageLake,
    view: BookView,
    cause: EstimateCause = EstimateCause.REMOTE_DEVICE_FAILED,
    storms: Sequence[Storm] = (),
    batch_meters: int = BATCH_METERS,
    progress: Progress | None = None,
) -> UsageReport:
    """Validate one local day of every meter and estimate what is missing where the rules allow.

    ``cause`` is why readings are missing that no other cause is known for: a communication outage
    of an AMI meter is a remote device that failed, which is capped. Safe to run twice, and again
    after a crash; ``progress`` is told how many meter-days were settled.

    :raises NoRuleInForce: if the validation file has no threshold on the day
    """
    places = store.meters_on_day(day, known_at)
    bare = [one for one in places if one.meter_id is None]
    metered = _by_pseudonym(places, view)
    batches = list(_batches(metered, batch_meters))
    run, done = _run(day, len(batches) + 1, known_at, store)
    report = UsageReport(day, run.run_id, resumed=len(done))
    if len(done) == run.batch_count:
        report.known = True
        report.resumed = 0
    terms = _Terms(
        run, view, known_at, cause, tuple(storms), ValidationTerms.of(view, day)
    )  # fmt: skip
    finished = {one.number: one for one in done}
    for number, batch in enumerate(batches):
        if number not in finished:
            finished[number] = _settle(number, batch, terms, store, lake, report)
        if progress is not None:
            progress(len(batch))
    last = len(batches)
    if last not in finished:
        counts = UsageCounts(no_meter=len(bare))
        record = UsageBatchRecord(run, last, counts, known_at)
        sequence = store.record_usage_batch(record, None)
        finished[last] = UsageBatchDone(run.run_id, last, sequence, counts)
    for one in finished.values():
        report.counts += one.counts
        report.sequence = max(report.sequence, one.sequence)
    return report


def _by_pseudonym(places: Sequence[MeterOnDay], view: BookView) -> list[tuple[str, MeterOnDay]]:
    named = {
        pseudonym(one.meter_id, view.name): one for one in places if one.meter_id is not None
    }  # fmt: skip
    return sorted(named.items(), key=lambda pair: (bucket_of(pair[0]), pair[0]))


def _batches(
    metered: Sequence[tuple[str, MeterOnDay]], size: int
) -> Iterator[dict[str, MeterOnDay]]:
    for first in range(0, len(metered), size):
        yield dict(metered[first : first + size])


def _run(
    day: date, batch_count: int, known_at: datetime, store: UsageStore
) -> tuple[UsageRun, list[UsageBatchDone]]:
    """The run to go on with: an unfinished one, the last one if nothing has come, or a new one."""
    sequence = store.lake_sequence()
    newest = store.newest_usage_run(day)
    if newest is not None:
        run, done = newest
        settled = len(done) == run.batch_count
        if not settled and run.batch_count == batch_count:
            return run, done
        if settled and run.batch_count == batch_count:
            reached = max((one.sequence for one in done), default=run.base_sequence)
            if reached == sequence:
                return run, done
    run = UsageRun(f"usage:{day}:{sequence}", day, sequence, batch_count, known_at)
    if newest is not None and newest[0].run_id == run.run_id:  # another number of meters
        run = replace(run, run_id=f"{run.run_id}:{known_at:%Y%m%dT%H%M%S%f}")
    store.start_usage_run(run)
    return run, []


# ------------------------------------------------------------------------------- one batch


@dataclass(slots=True)
class _Work:
    """What is found and made of one batch."""

    findings: list[tuple[str, Finding]] = field(default_factory=list)
    filled: dict[str, FilledDay] = field(default_factory=dict)
    estimated: set[str] = field(default_factory=set)
    lengths: dict[str, int] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


def _settle(
    number: int,
    meters: Mapping[str, MeterOnDay],
    terms: _Terms,
    store: UsageStore,
    lake: UsageLake,
    report: UsageReport,
) -> UsageBatchDone:
    for attempt in range(ATTEMPTS):
        sequence = store.lake_sequence()
        work = _look(meters, terms, store, lake, sequence)
        record = _record(number, meters, work, terms, store)
        publish = _write(number, meters, work, terms, lake, sequence)
        try:
            reached = store.record_usage_batch(record, publish)
        except Conflict:  # somebody published meanwhile: what was seen is old
            if attempt == ATTEMPTS - 1:
                raise
            continue
        report.by_code.update(finding.code for _, finding in work.findings)
        return UsageBatchDone(terms.run.run_id, number, reached, record.counts)
    raise AssertionError("unreachable")


def _look(
    meters: Mapping[str, MeterOnDay],
    terms: _Terms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
) -> _Work:
    """Read the day, check it, and fill its gaps; nothing is written."""
    work = _Work()
    day = terms.run.day
    blocks, refused = read_day(lake, list(meters), day, at_sequence=sequence)
    for meter, refusal in refused.items():
        work.findings.append((meter, _not_given(refusal)))
    gaps: dict[str, Finding] = {}
    begin, until = window_seconds(one_day(day), terms.view.time_zone)
    for one in blocks:
        found = _validated(one, meters, terms, store, lake, sequence)
        slots = estimated_slots(one.values)
        for row, meter in enumerate(one.block.meters):
            work.values[meter] = sha256_hex(one.block.value[row].astype("<i4").tobytes())[:16]
            work.lengths[meter] = one.block.interval_seconds
            if slots is not None and slots[row].any():
                work.estimated.add(meter)
        for row in np.flatnonzero(found.found).tolist():
            meter = one.block.meters[row]
            for finding in found.findings_of(row):
                if finding.code == GAP:
                    gaps[meter] = finding
                else:
                    work.findings.append((meter, finding))
        absent = missing_slots(one.block).any(axis=1)
        for row in np.flatnonzero(absent).tolist():
            gaps.setdefault(one.block.meters[row], _gap_not_checked())
    _leave_out_others_time(gaps, blocks, meters, day)
    numbers = {meter: meters[meter].meter_id or "" for meter in gaps}
    beside = store.kept_intervals(
        list(numbers.values()), begin=begin, until=until, at_sequence=sequence
    )
    for meter in [one for one in gaps if numbers[one] in beside]:
        del gaps[meter]  # measured in intervals that are no slots of a local day
    _fill(gaps, meters, terms, store, lake, sequence, work)
    return work


def _validated(
    one: DayOfMeters,
    meters: Mapping[str, MeterOnDay],
    terms: _Terms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
) -> DayFindings:
    block, day = one.block, terms.run.day
    past: dict[date, DayBlock] = {}
    wanted = {*LIKE_DAYS, *range(1, RECENT_DAYS + 1)}
    days = [*(day - timedelta(days=count) for count in sorted(wanted)), years_after(day, -1)]
    for earlier in days:
        found = read_past_day(
            lake,
            block.meters,
            earlier,
            interval_seconds=block.interval_seconds,
            zone=block.zone,
            at_sequence=sequence,
        )
        if found is not None:
            past[earlier] = found
    like = [day - timedelta(days=count) for count in LIKE_DAYS]
    recent = [day - timedelta(days=count) for count in range(1, RECENT_DAYS + 1)]
    history = history_of(
        [past[each] for each in like if each in past],
        recent=[past[each] for each in recent if _same_width(past.get(each), block)],
        years=[past[days[-1]]] if _same_width(past.get(days[-1]), block) else [],
        count=len(block.meters),
    )
    facts = _facts(block, meters, terms, store)
    return validate_day(block, history, terms.checks, facts, storms=terms.storms)


def _same_width(past: DayBlock | None, block: DayBlock) -> bool:
    return past is not None and past.width == block.width


def _facts(
    block: DayBlock, meters: Mapping[str, MeterOnDay], terms: _Terms, store: UsageStore
) -> MeterFacts:
    day = terms.run.day
    places = [meters[meter] for meter in block.meters]
    begin, until = window_seconds(one_day(day), block.zone)
    moved = store.register_differences(
        [one.meter_id or "" for one in places], begin=begin, until=until
    )
    return replace(
        MeterFacts.unknown(len(places)),
        state=np.array([0 if one.in_service else VACANT for one in places], dtype=np.int8),
        register_wh=np.array(
            [moved.get(one.meter_id or "", NOT_KNOWN) for one in places], dtype=np.int64
        ),
        installed_days=np.array(
            [-1 if one.installed_day is None else (day - one.installed_day).days for one in places],
            dtype=np.int32,
        ),
    )


def _not_given(refusal: Refusal) -> Finding:
    return Finding(NOT_GIVEN, Weight.HOLD, refusal.sentence, {"refused": refusal.what})


def _gap_not_checked() -> Finding:
    """A gap of a meter whose group the validation file does not check for gaps: it is one still."""
    return Finding(GAP, Weight.HOLD, "Some intervals are missing.", {})


def _leave_out_others_time(
    gaps: dict[str, Finding],
    blocks: Sequence[DayOfMeters],
    meters: Mapping[str, MeterOnDay],
    day: date,
) -> None:
    """The time of a day before a meter was set is the time of the meter before it: no gap."""
    for one in blocks:
        absent = missing_slots(one.block)
        for row, meter in enumerate(one.block.meters):
            first = _first_slot(meters[meter], day, one.block.interval_seconds)
            if meter in gaps and first and not absent[row, first:].any():
                del gaps[meter]


def _first_slot(place: MeterOnDay, day: date, interval_seconds: int) -> int:
    if place.installed_day != day:
        return 0
    return -(-place.began_second // interval_seconds)


# --------------------------------------------------------------------------------- filling


def _fill(
    gaps: Mapping[str, Finding],
    meters: Mapping[str, MeterOnDay],
    terms: _Terms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
    work: _Work,
) -> None:
    """Fill what the rules let us fill by ourselves; what stays is a finding that holds."""
    if not gaps:
        return
    day, zone = terms.run.day, terms.view.time_zone
    try:
        plan = FillingPlan.of(terms.view, day)
    except NoRuleInForce as silence:
        for meter, finding in gaps.items():
            work.findings.append((meter, _stays(finding, silence.sentence)))
        return
    ours = []
    for meter, finding in gaps.items():
        if _by_hand(meters[meter], terms, store):
            work.findings.append((meter, _made_by_hand(finding)))
        else:
            ours.append(meter)
    begin, until = window_seconds(one_day(day), zone)
    numbers = {meters[meter].meter_id or "": meter for meter in ours}
    moved = store.register_differences(list(numbers), begin=begin, until=until)
    filled = fill_days(
        lake,
        ours,
        plan,
        zone=zone,
        at_sequence=sequence,
        registers={numbers[number]: wh for number, wh in moved.items()},
        first_slots={
            meter: meters[meter].began_second
            for meter in ours
            if meters[meter].installed_day == day and meters[meter].began_second
        },
        cause=terms.cause,
        made_at=terms.known_at,
    )
    for meter in ours:
        one = filled.get(meter)
        if one is not None and one.readings:
            work.filled[meter] = one
            work.lengths[meter] = one.interval_seconds
        if one is None:
            work.findings.append((meter, _stays(gaps[meter], "its usage cannot be given")))
        elif one.left:
            work.findings.append((meter, _stays(gaps[meter], NO_RUNG)))


def _by_hand(place: MeterOnDay, terms: _Terms, store: UsageStore) -> bool:
    """Whether a person estimates this meter: AMR interval meters, and those read by hand.

    A meter of which no device is on file is one of the smart meters that the lake was built for.
    """
    try:
        device = store.meter_file(place.meter_id or "", terms.known_at).meter
    except NotFound:
        return False
    return device is not None and device.kind is not MeterKind.AMI


def _made_by_hand(gap: Finding) -> Finding:
    return replace(
        gap,
        code=BY_HAND,
        weight=Weight.HOLD,
        sentence=f"{gap.sentence} Estimates of this meter are made by a person, never by "
        "themselves (estimation.amr_interval.manual).",
    )


def _stays(gap: Finding, why: str) -> Finding:
    return replace(
        gap,
        weight=Weight.HOLD,
        sentence=f"{gap.sentence} It cannot be estimated: {why.rstrip('.')}.",
    )


# --------------------------------------------------------------------------------- writing


def _record(
    number: int,
    meters: Mapping[str, MeterOnDay],
    work: _Work,
    terms: _Terms,
    store: UsageStore,
) -> UsageBatchRecord:
    """What is new, what is found no longer, and who is held by what is open."""
    run = terms.run
    known: dict[str, FindingOnFile] = {}
    for one in store.findings_of_day(run.day, list(meters)):
        if one.cleared_at is None:
            known[one.logged.digest] = one
    logged = [_logged(meter, finding, meters, work, terms) for meter, finding in work.findings]
    fresh = {one.digest: one for one in logged if one.digest not in known}
    still = {one.digest for one in logged}
    cleared = [one.logged.finding_id for digest, one in known.items() if digest not in still]
    held = {one.meter for one in fresh.values() if one.finding.weight is Weight.HOLD}
    held |= {one.logged.meter for digest, one in known.items() if digest in still and one.holds}
    estimates = [
        LoggedEstimate(
            estimate=estimate,
            meter_id=meters[meter].meter_id or "",
            day=run.day,
            run=run.run_id,
            interval_count=(estimate.until - estimate.start) // work.lengths[meter],
        )
        for meter, filled in work.filled.items()
        for estimate in filled.estimates
    ]
    estimated = (work.estimated | work.filled.keys()) - held
    counts = UsageCounts(
        complete=len(meters) - len(held) - len(estimated),
        estimated=len(estimated),
        held=len(held),
        findings=len(logged),
        estimated_intervals=sum(len(one.readings) for one in work.filled.values()),
        estimated_wh=sum(one.energy_wh for one in work.filled.values()),
    )
    return UsageBatchRecord(
        run,
        number,
        counts,
        terms.known_at,
        findings=tuple(fresh.values()),
        cleared=tuple(cleared),
        estimates=tuple(estimates),
    )


def _logged(
    meter: str,
    finding: Finding,
    meters: Mapping[str, MeterOnDay],
    work: _Work,
    terms: _Terms,
) -> LoggedFinding:
    thresholds = {
        name: str(value) for name, value in finding.evidence.items() if _is_threshold(name)
    }
    evidence = {
        name: value for name, value in finding.evidence.items() if not _is_threshold(name)
    }  # fmt: skip
    if meter in work.values:
        evidence[VALUES] = work.values[meter]
    return LoggedFinding(
        meter=meter,
        meter_id=meters[meter].meter_id or "",
        day=terms.run.day,
        finding=replace(finding, evidence=evidence),
        run=terms.run.run_id,
        learned_at=terms.known_at,
        thresholds=tuple(sorted(thresholds.items())),
    )


def _is_threshold(name: str) -> bool:
    return name.startswith("validation_")


def _write(
    number: int,
    meters: Mapping[str, MeterOnDay],
    work: _Work,
    terms: _Terms,
    lake: UsageLake,
    sequence: int,
) -> LakePublication | None:
    """Write the estimates as lake files; they are seen once the batch is recorded."""
    if not work.filled:
        return None
    run = terms.run
    span = DaySpan(run.day - timedelta(days=28), run.day + timedelta(days=1))
    flows = lake.flows(list(work.filled), span, at_sequence=sequence)
    channels = [
        (
            meter,
            energy_channel(
                filled.readings,
                meter_id=meters[meter].meter_id or "",
                flow=flows.get(meter, Flow.DELIVERED),
                interval_seconds=work.lengths[meter],
            ),
        )
        for meter, filled in sorted(work.filled.items())
    ]
    name = f"estimates of {run.day}, batch {number}"
    sha256 = sha256_hex(f"{run.run_id}:{number}:{sequence}".encode())
    files = lake.write(
        channels, source_sha256=sha256, learned_at=terms.known_at, at_sequence=sequence
    )
    count = sum(len(one.readings) for one in work.filled.values())
    return LakePublication(sha256, name, "estimates", count, tuple(files), sequence)


def energy_channel(
    readings: Sequence[Reading], *, meter_id: str, flow: Flow, interval_seconds: int
) -> ChannelReadings:
    """Watt-hours of one meter as the lake takes them."""
    channel = Channel(
        meter_id,
        Commodity.ELECTRICITY,
        "Wh",
        ChannelKind.INTERVAL,
        flow,
        interval_seconds,
        0,
    )
    return ChannelReadings(channel, tuple(readings))
