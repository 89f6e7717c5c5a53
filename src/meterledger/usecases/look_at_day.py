"""Look at a day of a batch of meters: read it, check it, fill what is missing. Nothing is written.

Lives here      what is asked of lake and store for one batch; history for the checks; which gaps
                are filled by ourselves and which wait for a person.
Lives elsewhere facts beside the values (``day_facts``), the checks and the ladder (``usage``), the
                order of rows (``usage_days``), filling (``fill_gaps``), writing it down
                (``validate_usage``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.meters import BilledOn, MeterKind
from meterledger.facts.readings import (
    ChannelReadings,
    Flow,
)
from meterledger.facts.usage import KnownInterval, window_seconds
from meterledger.facts.usage_log import (
    MeterOnDay,
    UsageRun,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.months import years_after
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.ours import whole_of_ours
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usage import (
    NOT_KNOWN,
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
from meterledger.usecases.day_fact_ports import DayFactsStore
from meterledger.usecases.day_facts import (
    AskedOnce,
    DayFactsLake,
    channel_findings,
    facts_of,
    usual_received_wh,
)
from meterledger.usecases.fill_gaps import NO_RUNG, FilledDay, fill_days
from meterledger.usecases.meter_ports import MeterFile
from meterledger.usecases.ports import NotFound
from meterledger.usecases.usage_days import (
    DayOfMeters,
    missing_slots,
    one_day,
    read_day,
    read_past_day,
)
from meterledger.usecases.usage_ports import UsageLog

LIKE_DAYS = (7, 14, 21, 28)
RECENT_DAYS = 7
"""Before the book said it (``usage_recent_days``)."""
NO_MARK = 0
GAP = "usage.gap"
NOT_GIVEN = "usage.refused"
BY_HAND = "usage.by_hand"


class UsageStore(UsageLog, DayFactsStore, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch the stretch."""

    def meter_file(self, meter_id: str, known_at: datetime) -> MeterFile:
        """All that is known of a meter."""

    def meters_on_registers(self, meter_ids: Sequence[str], known_at: datetime) -> set[str]:
        """Which of the meters are set up, on some day, to be billed on their register."""


class UsageLake(DayFactsLake, Protocol):
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


@dataclass(frozen=True, slots=True)
class NightTerms:
    """Everything that is the same for every batch of a run."""

    run: UsageRun
    view: BookView
    known_at: datetime
    cause: EstimateCause
    storms: tuple[Storm, ...]
    checks: ValidationTerms
    once: AskedOnce = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "once", AskedOnce.of(self.run.day, self.view.time_zone))


@dataclass(slots=True)
class DayWork:
    """What is found and made of one batch, by pseudonym.

    ``lengths`` seconds of an interval; ``values`` the hash of the day's values.
    """

    findings: list[tuple[str, Finding]] = field(default_factory=list)
    filled: dict[str, FilledDay] = field(default_factory=dict)
    estimated: set[str] = field(default_factory=set)
    lengths: dict[str, int] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


def look_at_day(
    meters: Mapping[str, MeterOnDay],
    terms: NightTerms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
) -> DayWork:
    """Read the day, check it, and fill its gaps; nothing is written."""
    work = DayWork()
    day = terms.run.day
    blocks, refused = read_day(lake, list(meters), day, at_sequence=sequence)
    for meter, refusal in refused.items():
        work.findings.append((meter, _not_given(refusal)))
    work.findings += channel_findings(
        list(refused), day, terms.view.time_zone, checks=terms.checks, lake=lake,
        at_sequence=sequence,
    )  # fmt: skip
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
        across = terms.once.across
        told = () if across is None else across.findings
        for row, meter in enumerate(one.block.meters):
            if not found.found[row] and meter not in told:
                continue
            findings = found.findings_of(row)
            if across is not None:
                findings = across.instead_of(found, row, findings)
            for finding in findings:
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
    for meter in _on_their_register(gaps, meters, terms, store):
        del gaps[meter]  # no interval of it is billed, so none is missing
    _fill(gaps, meters, terms, store, lake, sequence, work)
    return work


def _validated(
    one: DayOfMeters,
    meters: Mapping[str, MeterOnDay],
    terms: NightTerms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
) -> DayFindings:
    block, day = one.block, terms.run.day
    past: dict[date, DayBlock] = {}
    before = whole_of_ours(terms.view, "usage_recent_days", day, RECENT_DAYS)
    wanted = {*LIKE_DAYS, *range(1, before + 1)}
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
    recent = [day - timedelta(days=count) for count in range(1, before + 1)]
    history = history_of(
        [past[each] for each in like if each in past],
        recent=[past[each] for each in recent if _same_width(past.get(each), block)],
        years=[past[days[-1]]] if _same_width(past.get(days[-1]), block) else [],
        count=len(block.meters),
    )
    facts = _facts(block, meters, terms, store, lake, sequence)
    usual = usual_received_wh(facts, block, like, lake, sequence)
    ours = _all_estimated(one)[:, None]  # a day copied by the ladder is no day sent twice
    history = replace(
        history,
        received_wh=usual,
        recent=np.where(ours, NO_MARK, history.recent),
        years=np.where(ours, NO_MARK, history.years),
    )
    return validate_day(block, history, terms.checks, facts, storms=terms.storms)


def _all_estimated(one: DayOfMeters) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Bool [N]: days whose every value is an estimate of ours."""
    slots = estimated_slots(one.values)
    if slots is None:
        return np.zeros(len(one.block.meters), np.bool_)
    return np.asarray((slots | one.values.missing).all(axis=1) & slots.any(axis=1))


def _same_width(past: DayBlock | None, block: DayBlock) -> bool:
    return past is not None and past.width == block.width


def _facts(
    block: DayBlock,
    meters: Mapping[str, MeterOnDay],
    terms: NightTerms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
) -> MeterFacts:
    numbers = [meters[meter].meter_id or "" for meter in block.meters]
    begin, until = window_seconds(one_day(terms.run.day), block.zone)
    moved = store.register_differences(numbers, begin=begin, until=until)
    return facts_of(
        block,
        meters,
        terms.once,
        checks=terms.checks,
        view=terms.view,
        known_at=terms.known_at,
        store=store,
        lake=lake,
        at_sequence=sequence,
        register_wh=np.array([moved.get(one, NOT_KNOWN) for one in numbers], dtype=np.int64),
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


def _on_their_register(
    gaps: Mapping[str, Finding],
    meters: Mapping[str, MeterOnDay],
    terms: NightTerms,
    store: UsageStore,
) -> list[str]:
    """Meters that are billed on their register on the day."""
    numbers = {meters[meter].meter_id or "": meter for meter in gaps}
    found = []
    for number in sorted(store.meters_on_registers(list(numbers), terms.known_at)):
        setups = store.meter_file(number, terms.known_at).configurations
        if any(terms.run.day in one.days and one.billed_on is BilledOn.REGISTER for one in setups):
            found.append(numbers[number])
    return found


# --------------------------------------------------------------------------------- filling


def _fill(
    gaps: Mapping[str, Finding],
    meters: Mapping[str, MeterOnDay],
    terms: NightTerms,
    store: UsageStore,
    lake: UsageLake,
    sequence: int,
    work: DayWork,
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
        served_since={
            meter: since for meter in ours if (since := meters[meter].served_since) is not None
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


def _by_hand(place: MeterOnDay, terms: NightTerms, store: UsageStore) -> bool:
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
