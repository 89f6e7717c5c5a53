"""What a bill needs beside its usage, gathered for a batch: programmes, history, credits, kvar.

Lives here      asking the store once for a batch, and once more for those whose rate or programme
                looks back at bills; energy received and reactive demand of those that need it; what
                a bill says of all this.
Lives elsewhere reading bills (``looked_back``), what is priced (``rating``), who takes part in what
                (``programs`` of the command line, ``usecases/programs``).
Read first      docs/operating/programs.md.

An account on a rate that looks at nothing beside, and in no programme, costs one row not found.
What holds on the first day of a billing period holds for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from meterledger.facts.participation import Participation, taking_part
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.usage import TiledUsage, UsageBatch
from meterledger.kernel.decision import Reason
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.written_counts import many
from meterledger.rating import KvarNeeded, LinePlan, RatePlan, highest_var
from meterledger.rulebook.book import BookView
from meterledger.usage import WindowHasGap, find_gaps, on_slots, scale_by_multipliers
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.flow_of_exchange import Read, flow_of_exchange
from meterledger.usecases.given_beside import NOTHING_GIVEN, GivenBeside
from meterledger.usecases.looked_back import credits_before, history_before
from meterledger.usecases.ports import Lake, MetersRefused, StoredBill
from meterledger.usecases.program_ports import ProgramsAsked


class BesideSources(ProgramsAsked, Protocol):
    """What is asked of the store."""

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, cancelled ones too, oldest first."""


RECEIVED_NOT_KNOWN = "Not every interval of the energy received of a net-metered service is known"
KVAR_NOT_KNOWN = (
    "Its rate bills reactive demand, and not every interval of reactive energy is known"
)
NO_ZERO = "What nobody measured is never taken for zero"
SEND_RECEIVED = "Ingest the channel of received energy, 0 where none was, then bill again"
SEND_KVAR = "Ingest the meter's channel of kVArh in intervals, then bill again"


class NotReceived(Refusal):
    """What a net-metered customer delivered to us is not known, and never taken for zero."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What one bill was given beside its usage, and what it says of it."""

    given: GivenBeside = NOTHING_GIVEN
    reasons: tuple[Reason, ...] = ()
    nets: bool = False
    kvar_of: tuple[LinePlan, ...] = ()
    """Lines of the bill that are for reactive demand."""


NOTHING_BESIDE = Beside()


class BesideUsage:
    """What the bills of one window are given; asked for by agreement."""

    def __init__(
        self,
        services: Sequence[BillableService],
        window: DaySpan,
        *,
        known_at: datetime,
        sequence: int,
        calculator: Calculator,
        lake: Lake,
        store: BesideSources,
    ) -> None:
        """Ask the store what it knows of the services, as known then."""
        self._window, self._known_at, self._sequence = window, known_at, sequence
        self._calculator, self._lake = calculator, lake
        known = store.participations([one.agreement.agreement_id for one in services], known_at)
        self._known: Mapping[str, tuple[Participation, ...]] = known
        self._found: dict[str, Beside | Refusal] = {}
        looking = [one for one in services if self._looks(one)]
        points = sorted({one.agreement.service_point_id for one in looking})
        bills = store.bills_at(points) if points else {}
        for one in looking:
            agreement = one.agreement
            try:
                found: Beside | Refusal = self._beside(
                    one, bills.get(agreement.service_point_id, ())
                )
            except Refusal as refusal:
                found = refusal.of_one_case()
            self._found[agreement.agreement_id] = found

    def has(self, service: BillableService) -> bool:
        """Whether anything is given for the service, or stands against its bill."""
        return service.agreement.agreement_id in self._found

    def of(self, service: BillableService) -> Beside:
        """What the service's bill is given.

        :raises ProgramNotOpen: if it takes part in what its rate is not open to
        :raises CreditsOverused: if bills before used more credit than there was
        :raises NotReceived: if its meters cannot say what was received
        """
        found = self._found.get(service.agreement.agreement_id, NOTHING_BESIDE)
        if isinstance(found, Refusal):
            raise found
        return found

    def without_intervals(self, service: BillableService) -> Beside:
        """What a bill is given that stands on a register, or on days of several lengths.

        :raises NotReceived: if it nets: only intervals tell what was received
        :raises KvarNeeded: if its rate bills reactive demand, for the same reason
        """
        found = self.of(service)
        if found.kvar_of:
            raise KvarNeeded(
                "A bill with a charge for reactive demand needs whole days of one meter in "
                "intervals of one length",
                where=f"service point {service.agreement.service_point_id}, {self._window}",
                why="A register or intervals of several lengths tell it not",
                do="Send the window's kWh and kVArh in intervals of one length, then bill again",
            )
        if found.nets:
            raise NotReceived(
                "A net-metered bill needs the energy received, interval by interval, for all of "
                "the window",
                where=f"service point {service.agreement.service_point_id}, {self._window}",
                why="A register or intervals of several lengths tell it not",
                do="Send both directions of the window in intervals of one length, then bill again",
            )
        return found

    def of_exchanged(
        self, service: BillableService, installations: Sequence[MeterInstallation]
    ) -> Beside:
        """What a bill is given whose meters were exchanged inside the window.

        What both meters received adds up over the window, as what they delivered does: each has
        its own multiplier, and an interval is cut at the instant of the exchange. So does reactive
        energy, in the window of demand in which the exchange lies too.

        :raises NotReceived: if it nets, and the meters do not fill the window with what they
            received
        :raises KvarNeeded: if its rate bills reactive demand, and they do not fill it with that
        :raises UsageNotTiled: if a meter reports of a time at which it was not there, and the like
        """
        found = self.of(service)
        if found.kvar_of:
            try:
                reactive = on_slots(self._exchanged(self._lake.reactive, installations))
            except WindowHasGap as refusal:
                raise KvarNeeded(
                    KVAR_NOT_KNOWN,
                    where=refusal.where,
                    why=f"{refusal.what}. {NO_ZERO}",
                    do=SEND_KVAR,
                ) from refusal
            found = _with_kvar(found, reactive, self._window)
        if found.nets:
            try:
                received = self._exchanged(self._lake.received, installations)
            except WindowHasGap as refusal:
                raise NotReceived(
                    RECEIVED_NOT_KNOWN,
                    where=refusal.where,
                    why=f"{refusal.what}. {NO_ZERO}",
                    do=SEND_RECEIVED,
                ) from refusal
            found = _with_received(found, received, received.energy_wh)
        return found

    def _exchanged(self, read: Read, installations: Sequence[MeterInstallation]) -> TiledUsage:
        view = self._calculator.view
        return flow_of_exchange(
            read,
            installations,
            self._window,
            zone=view.time_zone,
            utility=view.name,
            at_sequence=self._sequence,
        ).tiled

    def with_received(
        self, services: Mapping[str, tuple[BillableService, MeterInstallation]]
    ) -> None:
        """Ask the lake what meters have received of those that net, and for reactive energy.

        ``services`` are by agreement, each with the meter of the window; others are left alone.
        """
        self._with_reactive(services)
        netting = {
            pseudonym(meter.meter_id, self._calculator.view.name): (name, meter)
            for name, (_, meter) in services.items()
            if isinstance(found := self._found.get(name), Beside) and found.nets
        }
        asked = sorted(netting)
        while asked:
            try:
                batches = self._lake.received(asked, self._window, at_sequence=self._sequence)
            except MetersRefused as some:
                for meter, refusal in some.by_meter.items():
                    self._found[netting[meter][0]] = refusal
                asked = [meter for meter in asked if meter not in some.by_meter]
                continue
            for batch in batches:
                self._received(batch, netting)
            return

    def _with_reactive(
        self, services: Mapping[str, tuple[BillableService, MeterInstallation]]
    ) -> None:
        """The highest reactive demand of those whose rate has a charge for it."""
        needing = {
            pseudonym(meter.meter_id, self._calculator.view.name): (name, meter)
            for name, (_, meter) in services.items()
            if isinstance(found := self._found.get(name), Beside) and found.kvar_of
        }
        asked = sorted(needing)
        while asked:
            try:
                batches = self._lake.reactive(asked, self._window, at_sequence=self._sequence)
            except MetersRefused as some:
                for meter, refusal in some.by_meter.items():
                    self._found[needing[meter][0]] = refusal
                asked = [meter for meter in asked if meter not in some.by_meter]
                continue
            for batch in batches:
                self._reactive(batch, needing)
            return

    def _reactive(
        self, batch: UsageBatch, needing: Mapping[str, tuple[str, MeterInstallation]]
    ) -> None:
        usage = scale_by_multipliers(batch, [needing[one][1].multiplier for one in batch.meters])
        gaps = find_gaps(usage)
        for row, meter in enumerate(usage.meters):
            name, installed = needing[meter]
            found = self._found[name]
            if not isinstance(found, Beside):
                continue
            if row in gaps:
                self._found[name] = KvarNeeded(
                    KVAR_NOT_KNOWN,
                    where=f"meter {installed.meter_id}, {self._window}",
                    why=f"{gaps[row].sentence} {NO_ZERO}",
                    do=SEND_KVAR,
                )
                continue
            try:
                self._found[name] = _with_kvar(found, rows_of(usage, [row]), self._window)
            except Refusal as refusal:  # its intervals are too long, or the sheet is silent
                self._found[name] = refusal.of_one_case()

    def _received(
        self, batch: UsageBatch, netting: Mapping[str, tuple[str, MeterInstallation]]
    ) -> None:
        usage = scale_by_multipliers(batch, [netting[one][1].multiplier for one in batch.meters])
        gaps = find_gaps(usage)
        for row, meter in enumerate(usage.meters):
            name, installed = netting[meter]
            found = self._found[name]
            if isinstance(found, Refusal):
                continue
            if row in gaps:
                self._found[name] = NotReceived(
                    RECEIVED_NOT_KNOWN,
                    where=f"meter {installed.meter_id}, {self._window}",
                    why=f"{gaps[row].sentence} {NO_ZERO}",
                    do=SEND_RECEIVED,
                )
                continue
            one = rows_of(usage, [row])
            wh = sum(int(values.energy_wh.sum()) for values in one.days)
            self._found[name] = _with_received(found, one, wh)

    def _plan(self, service: BillableService, programs: tuple[str, ...]) -> RatePlan:
        return self._calculator.plan(service.agreement.schedule, self._window, programs)

    def _takes_part(self, service: BillableService) -> tuple[Participation, ...]:
        known = self._known.get(service.agreement.agreement_id, ())
        return taking_part(known, self._window.from_day)

    def _looks(self, service: BillableService) -> bool:
        """Whether the bill of the service rests on anything beside its usage."""
        if self._takes_part(service):
            return True
        try:
            plan = self._plan(service, ())
            return bool(plan.ratchets) or plan.needs_kvar
        except Refusal:  # the same will hold the bill where it is priced
            return False

    def _beside(self, service: BillableService, bills: Sequence[StoredBill]) -> Beside:
        taking = self._takes_part(service)
        plan = self._plan(service, tuple(one.program for one in taking))
        view, window = self._calculator.view, self._window
        given = GivenBeside(programs=tuple(one.program for one in taking))
        nets = [one for one in taking if _nets(one, view, window)]
        reasons = [_reason(one, view, window, nets=one in nets) for one in taking]
        blocks = [one.blocks for one in taking if one.blocks is not None]
        if plan.solar is not None and blocks:
            given = replace(given, solar_blocks=sum(blocks))
        if plan.ratchets:
            history = history_before(service, window, plan, bills, self._known_at, view)
            given = replace(given, history=history.periods, new=history.new)
            reasons += history.reasons
        if plan.net is not None:
            account = credits_before(
                service, window, [one.program for one in nets], bills, self._known_at, view
            )
            given = replace(given, credits=account.open)
        nets_it = plan.net is not None
        return Beside(given, tuple(reasons), nets=nets_it, kvar_of=plan.reactive_lines)


def _with_received(found: Beside, usage: UsageBatch | TiledUsage, wh: int) -> Beside:
    """With what one meter has received, or several one after the other; the reason says it."""
    told = tuple(
        replace(reason, finding=f"{reason.finding}; {wh}{WERE_RECEIVED}")
        if reason.finding.endswith(NETS)
        else reason
        for reason in found.reasons
    )
    return replace(found, given=replace(found.given, received=usage), reasons=told)


def _with_kvar(found: Beside, usage: UsageBatch, window: DaySpan) -> Beside:
    """With the highest reactive demand of one meter, over the minutes that its rate names.

    :raises KvarNeeded: if the rate does not name them, or names several
    :raises IntervalTooLong: if the intervals do not tile them
    """
    minutes = {line.rule.minutes for line in found.kvar_of}
    (over,) = minutes if len(minutes) == 1 else (None,)
    if over is None:
        raise KvarNeeded(
            "The rate does not say over how many minutes its reactive demand is measured",
            where=str(window),
            why="A shorter window has a higher demand: taking one would be a guess",
            do="Give `minutes` with the reactive charge of the schedule, as its sheet says",
        )
    var = int(highest_var(usage, over)[0])
    kvar = f"{Decimal(var).scaleb(-3).normalize():f}"
    told = f"{HIGHEST_KVAR} {over} minutes was {kvar} kvar"
    reason = Reason(told, found.kvar_of[0].citations[0])
    given = replace(found.given, reactive_var=var)
    return replace(found, given=given, reasons=(*found.reasons, reason))


HIGHEST_KVAR = "the highest reactive demand of"
"""How the reason of a bill begins that says its reactive demand."""
NETS = "is billed what was delivered less what was received"
WERE_RECEIVED = " Wh were received"
"""How the same reason ends, after a semicolon and the watt-hours."""


def received_wh(findings: Iterable[str]) -> int | None:
    """The watt-hours that a bill's reasons say were received; None where nothing is netted."""
    told = [one.removesuffix(WERE_RECEIVED) for one in findings if one.endswith(WERE_RECEIVED)]
    found = [int(one.rpartition("; ")[2]) for one in told if f" and {NETS}; " in one]
    return sum(found) if found else None


def _nets(one: Participation, view: BookView, window: DaySpan) -> bool:
    found = view.of_kind(one.program, "program").on(window.from_day)
    return found.value.net_metering is not None


def _reason(one: Participation, view: BookView, window: DaySpan, *, nets: bool) -> Reason:
    """Why the bill has what a programme gives: in the words of the programme, with its clause."""
    dated = view.of_kind(one.program, "program").on(window.from_day)
    blocks = f" with {many(one.blocks, 'Solar Block')}" if one.blocks is not None else ""
    told = f"the service takes part in {dated.value.name}{blocks} from {one.days.from_day} on"
    return Reason(f"{told} and {NETS}" if nets else told, dated.citation)


def rows_of(usage: UsageBatch, members: Sequence[int]) -> UsageBatch:
    """The batch with some of its rows, in the order given."""
    if len(members) == len(usage.meters):
        return usage
    chosen = list(members)
    return UsageBatch(
        meters=tuple(usage.meters[row] for row in chosen),
        interval_seconds=usage.interval_seconds,
        zone=usage.zone,
        days=tuple(values.of_rows(chosen) for values in usage.days),
        at_sequence=usage.at_sequence,
    )
