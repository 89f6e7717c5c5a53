"""Validate and estimate a local day: findings recorded, gaps filled, everybody accounted for.

Each batch of neighboring meters is recorded in one transaction with the lake version of its
estimates, so a run may be killed anywhere and run again: finished batches are not done twice, and a
day that is done is only answered for. Meter-days = complete + estimated + held + no meter.

Lives here      the journey over the batches of a day: what is new, what is found no longer, who is
                held; writing estimates and recording each batch.
Lives elsewhere looking at a batch (``look_at_day``), the checks and the ladder (``usage``), what
                becomes of held days (``review_usage``), bills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Reading,
)
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
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usage import (
    Storm,
    ValidationTerms,
)
from meterledger.usecases.look_at_day import DayWork, NightTerms, UsageLake, UsageStore, look_at_day
from meterledger.usecases.night_across import across_batches
from meterledger.usecases.ports import Conflict
from meterledger.usecases.usage_ports import LakePublication

BATCH_METERS = 8192
"""Enough meters that a read of a day costs little for each, few enough that a month of those with
gaps and a dozen days of all stay below some hundred MB."""

ATTEMPTS = 5

Progress = Callable[[int], None]


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
    meter_ids: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> UsageReport:
    """Validate one local day of every meter and estimate what is missing where the rules allow.

    ``cause`` is why readings are missing that no other cause is known for: a communication outage
    of an AMI meter is a remote device that failed, which is capped. Safe to run twice, and again
    after a crash; ``progress`` is told how many meter-days were settled. ``meter_ids`` chooses
    some meters, like those of a cycle whose readings have come; places without one are left out.

    :raises NoRuleInForce: if the validation file has no threshold on the day
    """
    places = store.meters_on_day(day, known_at, meter_ids)
    bare = [one for one in places if one.meter_id is None]
    metered = _by_pseudonym(places, view)
    batches = list(_batches(metered, batch_meters))
    run, done = _run(day, len(batches) + 1, known_at, store, _scope(meter_ids))
    report = UsageReport(day, run.run_id, resumed=len(done))
    if len(done) == run.batch_count:
        report.known = True
        report.resumed = 0
    terms = NightTerms(
        run, view, known_at, cause, tuple(storms), ValidationTerms.of(view, day)
    )  # fmt: skip
    finished = {one.number: one for one in done}
    if len(batches) > 1 and len(finished.keys() & set(range(len(batches)))) < len(batches):
        terms.once.across = across_batches(batches, terms, store, lake, store.lake_sequence())
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


def _scope(meter_ids: Sequence[str] | None) -> str:
    """Of which meters a run is, at the end of its name."""
    if meter_ids is None:
        return "all"
    return sha256_hex("\n".join(sorted(meter_ids)).encode())[:12]


def _run(
    day: date, batch_count: int, known_at: datetime, store: UsageStore, scope: str
) -> tuple[UsageRun, list[UsageBatchDone]]:
    """The run to go on with: an unfinished one, the last one if nothing has come, or a new one."""
    sequence = store.lake_sequence()
    newest = store.newest_usage_run(day)
    if newest is not None and newest[0].run_id.split(":")[3] == scope:
        run, done = newest
        settled = len(done) == run.batch_count
        if not settled and run.batch_count == batch_count:
            return run, done
        if settled and run.batch_count == batch_count:
            reached = max((one.sequence for one in done), default=run.base_sequence)
            if reached == sequence:
                return run, done
    run = UsageRun(f"usage:{day}:{sequence}:{scope}", day, sequence, batch_count, known_at)
    if newest is not None and newest[0].run_id == run.run_id:  # another number of meters
        run = replace(run, run_id=f"{run.run_id}:{known_at:%Y%m%dT%H%M%S%f}")
    store.start_usage_run(run)
    return run, []


def _settle(
    number: int,
    meters: Mapping[str, MeterOnDay],
    terms: NightTerms,
    store: UsageStore,
    lake: UsageLake,
    report: UsageReport,
) -> UsageBatchDone:
    for attempt in range(ATTEMPTS):
        sequence = store.lake_sequence()
        work = look_at_day(meters, terms, store, lake, sequence)
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


# --------------------------------------------------------------------------------- writing


def _record(
    number: int,
    meters: Mapping[str, MeterOnDay],
    work: DayWork,
    terms: NightTerms,
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
    work: DayWork,
    terms: NightTerms,
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
    work: DayWork,
    terms: NightTerms,
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
