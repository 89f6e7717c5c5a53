"""Reactive energy that a bill would charge for, checked before the bill leaves.

Lives here      which bills charge for reactive demand; what the checks need of the lake; which
                doubts change what the bill stands on.
Lives elsewhere the checks and their thresholds (``usage.validation_reactive``), holding the bill
                and letting it go (``gate_bills``, ``settle_held``).
Read first      docs/operating/programs.md, "Reactive demand".

Nothing is estimated and no reading is changed. A doubtful interval holds a bill only where the
highest reactive demand would be another one without it: what is not billed may be as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from meterledger.facts.bills import Bill
from meterledger.facts.held import GateFinding
from meterledger.facts.places import MeterInstallation
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rating import highest_var
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import ChargeKind
from meterledger.usage import (
    DaysBefore,
    Doubt,
    ReactiveTerms,
    doubts_of,
    find_gaps,
    on_slots,
    scale_by_multipliers,
    without,
)
from meterledger.usecases.beside_usage import rows_of
from meterledger.usecases.due_bills import DueBill
from meterledger.usecases.flow_of_exchange import flow_of_exchange
from meterledger.usecases.ports import Lake, MetersRefused

Doubts = Mapping[str, "tuple[GateFinding, ...] | Refusal"]
"""By agreement: what is doubtful of its reactive energy, or why that cannot be said."""

MOST_TOLD = 12
"""How many findings one case names; the sentence of the last says how many there are beside."""

Read = Callable[..., "list[UsageBatch]"]


class ReactiveUnchecked(Refusal):
    """Reactive energy that a bill charges for cannot be checked."""


def reactive_doubts(
    batch: Sequence[DueBill],
    made: Iterable[Bill],
    *,
    on: date,
    sequence: int,
    lake: Lake,
    view: BookView,
) -> Doubts:
    """What is doubtful of the reactive energy of bills of one window that charge for it.

    Most bills do not: they cost a look at their schedule.
    """
    due = {one.service.agreement.agreement_id: one for one in batch}
    minutes: dict[str, frozenset[int]] = {}
    asked: dict[str, DueBill] = {}
    for bill in made:
        if bill.schedule not in minutes:
            minutes[bill.schedule] = _minutes_of(view, bill.schedule, bill.days)
        if minutes[bill.schedule]:
            asked[bill.agreement_id] = due[bill.agreement_id]
    if not asked:
        return {}
    found: dict[str, tuple[GateFinding, ...] | Refusal] = {}
    try:
        terms = ReactiveTerms.of(view, on)
    except Refusal as refusal:
        return dict.fromkeys(asked, refusal.of_one_case())
    look = _Look(
        {agreement: one.installations for agreement, one in asked.items()},
        batch[0].window.days,
        lake,
        sequence,
        view,
    )
    for agreement, one in asked.items():
        found[agreement] = look.findings(agreement, minutes[one.service.agreement.schedule], terms)
    return found


def _minutes_of(view: BookView, schedule: str, days: DaySpan) -> frozenset[int]:
    return frozenset(
        one.minutes
        for each in (view.schedule(schedule, days.from_day), view.schedule(schedule, days.last_day))
        for one in each.charges
        if one.kind is ChargeKind.REACTIVE and one.minutes is not None
    )


class _Look:
    """Reactive energy and energy of some agreements' meters: asked of the lake once for all."""

    def __init__(
        self,
        meters: Mapping[str, Sequence[MeterInstallation]],
        window: DaySpan,
        lake: Lake,
        sequence: int,
        view: BookView,
    ) -> None:
        """``meters`` are by agreement: the one of all the window, or those one after the other."""
        self._meters, self._sequence, self._window, self._view = meters, sequence, window, view
        first = window.from_day - timedelta(days=window.day_count)
        before = DaySpan(first, window.from_day)
        alone = {self._name(some[0]): some[0] for some in meters.values() if len(some) == 1}
        already = {
            self._name(some[0]): some[0] for some in meters.values() if some[0].covers(before)
        }
        self._reactive = self._read(lake.reactive, alone, window)
        self._energy = self._read(lake.usage, alone, window)
        for some in (each for each in meters.values() if len(each) > 1):
            self._exchanged(lake, some)
        self._reactive_before = self._read(lake.reactive, already, before)
        self._energy_before = self._read(lake.usage, already, before)

    def _name(self, installed: MeterInstallation) -> str:
        return pseudonym(installed.meter_id, self._view.name)

    def _exchanged(self, lake: Lake, some: Sequence[MeterInstallation]) -> None:
        """Both flows of meters exchanged inside the window, by the first of them."""
        for read, into in ((lake.reactive, self._reactive), (lake.usage, self._energy)):
            try:
                found = flow_of_exchange(
                    read,
                    some,
                    self._window,
                    zone=self._view.time_zone,
                    utility=self._view.name,
                    at_sequence=self._sequence,
                )
                into[self._name(some[0])] = on_slots(found.tiled)
            except Refusal as refusal:  # it is told as not complete; a lost store ends the run
                refusal.of_one_case()

    def findings(
        self, agreement: str, minutes: Iterable[int], terms: ReactiveTerms
    ) -> tuple[GateFinding, ...] | Refusal:
        """What is doubtful of one of them, as far as its bill stands on it."""
        installed = self._meters[agreement][-1]
        meter = self._name(self._meters[agreement][0])
        reactive, energy = self._reactive.get(meter), self._energy.get(meter)
        if reactive is None or energy is None:  # the bill may stand on an estimate of its kWh
            return ReactiveUnchecked(
                f"Reactive energy of meter {installed.meter_id} cannot be checked beside its kWh",
                where=f"meter {installed.meter_id}, {self._window}",
                why="Its measured days are not complete",
                do="Take in the readings that are missing, then run the cycle again",
            )
        doubts = doubts_of(reactive, energy, self._before(meter), terms)
        of_all = [one for one in doubts if one.at is None]
        of_some = [one for one in doubts if one.at is not None]
        bare = without(reactive, of_some)
        if all(highest_var(bare, one)[0] == highest_var(reactive, one)[0] for one in minutes):
            of_some = []
        return tuple(_findings([*of_all, *of_some], installed.meter_id, terms))

    def _before(self, meter: str) -> DaysBefore | None:
        """The same number of days before; None where the meter was not there, or has a gap."""
        reactive, energy = self._reactive_before.get(meter), self._energy_before.get(meter)
        if reactive is None or energy is None:
            return None
        return DaysBefore(int(reactive.total_wh[0]), int(energy.total_wh[0]))

    def _read(
        self, read: Read, meters: Mapping[str, MeterInstallation], days: DaySpan
    ) -> dict[str, UsageBatch]:
        """Complete days of one length, through the multiplier, by meter; without the others."""
        asked, batches = sorted(meters), list[UsageBatch]()
        while asked:
            try:
                batches = read(asked, days, at_sequence=self._sequence)
                break
            except MetersRefused as some:
                asked = [meter for meter in asked if meter not in some.by_meter]
        found: dict[str, UsageBatch] = {}
        for batch in batches:
            usage = scale_by_multipliers(batch, [meters[one].multiplier for one in batch.meters])
            gaps = find_gaps(usage)
            for row, meter in enumerate(usage.meters):
                if row not in gaps:
                    found[meter] = rows_of(usage, [row])
        return found


def _findings(
    doubts: Sequence[Doubt], meter_id: str, terms: ReactiveTerms
) -> Iterable[GateFinding]:
    told = list(dict.fromkeys((one.check, one.sentence) for one in doubts))
    for place, (check, sentence) in enumerate(told[:MOST_TOLD]):
        one = next(each for each in doubts if (each.check, each.sentence) == (check, sentence))
        rest = len(told) - MOST_TOLD if place == MOST_TOLD - 1 else 0
        beside = f", and {rest} more like these" if rest > 0 else ""
        limit = terms.limits.get(one.limit)
        yield GateFinding(
            check.code,
            f"{sentence}{beside}",
            terms.citations[one.limit],
            (
                ("meter", meter_id),
                *one.evidence,
                (one.limit, one.check.value if limit is None else str(limit)),
            ),
        )
