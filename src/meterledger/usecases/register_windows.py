"""Windows whose meters are billed on their register, and all that is known of them.

Lives here      which meters are billed so on the days of a window; asking the store once for a
                batch; each meter's register and actual reads; energy between two of them.
Lives elsewhere what a bill opens and closes on (``register_usage``), earlier bills
                (``register_history``), rollover and actual reads (``metering``).
Read first      docs/decisions/0018-bills-of-registers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar, Protocol

from meterledger.billing import BillWindow
from meterledger.facts.bills import BillKind
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.meters import BilledOn, MeterConfiguration, MeterWork, Register, RegisterRead
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.readings import Flow
from meterledger.facts.registers import BilledRead, KnownRegisterValue, NearbyBill, ReadBasis
from meterledger.facts.usage import window_seconds
from meterledger.facts.usage_log import ReadingEffort
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.kernel.span import DaySpan, Validity
from meterledger.metering import (
    MeteredRegister,
    RegisterReadImpossible,
    RegisterStep,
    RegisterValue,
    actual_reads,
    shown_from_text,
)
from meterledger.rulebook.book import BookView
from meterledger.rulebook.ours import whole_of_ours
from meterledger.usage import instant_text
from meterledger.usecases.meter_ports import MeterFile
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.register_history import (
    DAYS_LOOKED_BACK,
    SIMILAR_DAYS_LOOKED_BACK,
    EarlierBill,
    bills_with_part,
    earlier_bills,
)

MOST_WATTS = "register_most_watts"
DAYS_LOOKED_AHEAD = 8
"""Days after a window whose reads may be moved to its last day, before the book said it
(``register_days_looked_ahead``).
"""
ENERGY_UNITS = frozenset({"Wh", "kWh", "MWh"})


class RegisterHeld(Refusal):
    """The usage of a register cannot be billed. ``code`` says whose queue it belongs in."""

    code: ClassVar[str] = "usage.register"


class NoOpeningRead(RegisterHeld):
    """Nobody knows what the register showed where the bill begins."""

    code = "usage.no_opening_read"


class RegisterStepped(RegisterHeld):
    """The register moved in a way that is no use."""

    code = "usage.register_step"


class BilledBeyondRegister(RegisterHeld):
    """More was billed on an estimate than the register shows now."""

    code = "usage.billed_beyond_register"


class EstimatedByPerson(RegisterHeld):
    """No read, and nothing estimates it by itself."""

    code = "usage.estimate_by_hand"


class ReadIsOwed(RegisterHeld):
    """A read for the last day of service is to be attempted first."""

    code = "usage.read_owed"


class PeriodsNeeded(RegisterHeld):
    """The rate is by time of day, and two reads of a register have no times."""

    code = "usage.periods_needed"


class RegisterSources(Protocol):
    """What is asked of the store."""

    def meters_on_registers(self, meter_ids: Sequence[str], known_at: datetime) -> set[str]:
        """Which of the meters are set up, on some day, to be billed on their register."""

    def register_values(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownRegisterValue]]:
        """What registers of delivered energy showed at instants of ``[begin, until)``."""

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, cancelled ones too, oldest first."""

    def bills_nearby(
        self,
        service_point_id: str,
        schedule: str,
        days: DaySpan,
        *,
        before: datetime,
        places: int = 200,
    ) -> list[NearbyBill]:
        """Bills of other places in the same postal code, of one schedule."""

    def meter_file(self, meter_id: str, known_at: datetime | None = None) -> MeterFile:
        """All that is known of a meter."""

    def efforts_of_meter(self, meter_id: str) -> list[ReadingEffort]:
        """Efforts to obtain readings of a meter, oldest first."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A meter of the window while it was there, and its register.

    ``days`` are the local days of the window that it was there on.
    """

    installed: MeterInstallation
    meter: str
    days: DaySpan
    file: MeterFile
    metered: MeteredRegister
    reads: tuple[RegisterValue, ...]


@dataclass(frozen=True, slots=True)
class RegisterWindow:
    """A window of a service and all that is known of it."""

    service: BillableService
    window: BillWindow
    stays: tuple[Stay, ...]
    earlier: tuple[EarlierBill, ...]
    efforts: tuple[ReadingEffort, ...]
    known_at: datetime
    on: date
    sequence: int
    view: BookView
    cause: EstimateCause | None
    nearby: Callable[[], list[NearbyBill]]
    """Bills of similar places, asked for where no step that needs none has succeeded."""

    @property
    def days(self) -> DaySpan:
        """The days that are billed."""
        return self.window.days

    @property
    def zone(self) -> str:
        """Of the local days."""
        return self.view.time_zone

    @property
    def last(self) -> Stay:
        """The meter at the end of the window."""
        return self.stays[-1]

    @property
    def initial(self) -> bool:
        """Whether service begins with the window."""
        return self.days.from_day == self.service.agreement.days.from_day

    @property
    def final(self) -> bool:
        """Whether service ends with the window."""
        return self.window.kind is BillKind.FINAL


def files_on_registers(
    meter_ids: Sequence[str], known_at: datetime, store: RegisterSources
) -> dict[str, MeterFile]:
    """Meters that are on some day billed on their register, with all that is known of them.

    Set-ups that follow each other and are billed alike are one: new firmware is no other register.
    """
    meters = sorted(store.meters_on_registers(meter_ids, known_at))
    files = {meter: store.meter_file(meter, known_at) for meter in meters}
    return {
        meter: replace(file, configurations=_billed_alike(file.configurations))
        for meter, file in files.items()
    }


def _billed_alike(known: Iterable[MeterConfiguration]) -> tuple[MeterConfiguration, ...]:
    joined: list[MeterConfiguration] = []
    for one in sorted(known, key=lambda each: each.days.from_day):
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.days.until_day == one.days.from_day
            and (before.billed_on, before.registers) == (one.billed_on, one.registers)
        ):
            joined[-1] = replace(before, days=Validity(before.days.from_day, one.days.until_day))
        else:
            joined.append(one)
    return tuple(joined)


def billed_on_registers(
    installations: Sequence[MeterInstallation], window: DaySpan, files: Mapping[str, MeterFile]
) -> bool:
    """Whether the register is billed on the days of the window.

    :raises RegisterHeld: if on some of them it is, and on others intervals are
    """
    answers: dict[bool, str] = {}
    for one in installations:
        days = stay_days(one, window)
        known = files[one.meter_id].configurations if one.meter_id in files else ()
        whole = [each for each in known if each.days.within(days) == days]
        some = [each for each in known if each.days.within(days) is not None]
        if some and not whole and any(each.billed_on is BilledOn.REGISTER for each in some):
            raise RegisterHeld(
                f"Meter {one.meter_id} is set up in two ways, {days}",
                why="A register is billed between two reads of one set-up",
                do="Let the new set-up begin with a billing period: with `meterledger meter "
                f"configure` give the old one again from its day on, and the new one from "
                f"{days.until_day}; then run the bill again",
            )
        answers[bool(whole) and whole[0].billed_on is BilledOn.REGISTER] = one.meter_id
    if len(answers) == 2:
        raise RegisterHeld(
            f"Meter {answers[True]} is billed on its register and meter {answers[False]} on "
            f"intervals, {window}",
            do=f"Set meter {answers[False]} up for its register too, from {window.from_day} on "
            "(`meterledger meter configure`), give its reads of both ends (those of an exchange "
            "with `meterledger meter correct`), then run the bill again",
        )
    return True in answers


def stay_days(one: MeterInstallation, window: DaySpan) -> DaySpan:
    """The local days of the window on which the meter was there, the day it left included."""
    until = one.days.until_day
    if until is not None and one.ended_second:
        until += timedelta(days=1)
    days = Validity(one.days.from_day, until).within(window)
    ensure(days is not None, f"meter {one.meter_id} was there on some of {window}")
    return days or window


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of the windows of a batch: values by meter, bills by place."""

    values: Mapping[str, list[KnownRegisterValue]]
    bills: Mapping[str, list[StoredBill]]


def days_looked_ahead(window: DaySpan, view: BookView) -> int:
    """How many days after a window its reads may lie, by the book as known."""
    name = "register_days_looked_ahead"
    return whole_of_ours(view, name, window.last_day, DAYS_LOOKED_AHEAD)


def gather(
    due: Sequence[tuple[BillableService, tuple[MeterInstallation, ...]]],
    window: DaySpan,
    *,
    view: BookView,
    at_sequence: int,
    store: RegisterSources,
) -> Gathered:
    """Ask the store once for all windows of a batch."""
    around = DaySpan(
        window.from_day - timedelta(days=DAYS_LOOKED_BACK),
        window.until_day + timedelta(days=days_looked_ahead(window, view)),
    )
    begin, until = window_seconds(around, view.time_zone)
    meters = sorted({one.meter_id for _, there in due for one in there})
    points = {one.agreement.service_point_id for one, _ in due}
    points |= {each.service_point_id for one, _ in due for each in one.billed_with}
    return Gathered(
        values=store.register_values(meters, begin=begin, until=until, at_sequence=at_sequence),
        bills=store.bills_at(sorted(points)),
    )


def _earlier(
    service: BillableService, window: DaySpan, gathered: Gathered, known_at: datetime
) -> tuple[EarlierBill, ...]:
    """Bills of the place before a window, and one on which its meters stood beside others."""
    agreement = service.agreement
    alone = earlier_bills(
        gathered.bills.get(agreement.service_point_id, ()), agreement, window, known_at
    )
    others = dict.fromkeys(one.service_point_id for one in service.billed_with)
    beside = [bill for point in others for bill in gathered.bills.get(point, ())]
    return (*alone, *bills_with_part(beside, agreement.agreement_id, window, known_at))


def register_window(
    service: BillableService,
    window: BillWindow,
    installations: Sequence[MeterInstallation],
    gathered: Gathered,
    files: Mapping[str, MeterFile],
    *,
    known_at: datetime,
    on: date,
    sequence: int,
    view: BookView,
    store: RegisterSources,
    cause: EstimateCause | None = None,
) -> RegisterWindow:
    """A window with its meters' registers and actual reads.

    :raises RegisterHeld: if a register cannot be billed as it is set up, or two files contradict
        each other in the window
    """
    watts = view.number(MOST_WATTS).on(window.days.last_day).value
    stays = []
    for one in installations:
        days = stay_days(one, window.days)
        file = files[one.meter_id]
        register = _billed_register(file, days)
        unit = MeteredRegister(register, 1, one.multiplier, 1)
        most = max(1, to_whole_down(watts / unit.unit_wh))
        try:
            known = actual_reads(register, gathered.values.get(one.meter_id, ()))
        except RegisterReadImpossible as problem:
            raise RegisterHeld(
                problem.what, where=f"meter {one.meter_id}", why=problem.why, do=problem.do
            ) from problem
        begin, until = window_seconds(DaySpan(days.from_day, days.until_day), view.time_zone)
        for at in known.disagree:
            if begin <= at < until + 86_400:
                raise RegisterHeld(
                    f"Two readings of {instant_text(at)} cannot both be true",
                    where=f"meter {one.meter_id}",
                    do="Send the right one again: what is published last speaks",
                )
        stays.append(
            Stay(
                installed=one,
                meter=pseudonym(one.meter_id, view.name),
                days=days,
                file=file,
                metered=replace(unit, constant=known.constant, most_per_hour=most),
                reads=known.reads,
            )
        )
    return RegisterWindow(
        service=service,
        window=window,
        stays=tuple(stays),
        earlier=_earlier(service, window.days, gathered, known_at),
        efforts=tuple(
            one for one in store.efforts_of_meter(installations[-1].meter_id) if one.at <= known_at
        ),
        known_at=known_at,
        on=on,
        sequence=sequence,
        view=view,
        cause=cause,
        nearby=partial(
            store.bills_nearby,
            service.agreement.service_point_id,
            service.agreement.schedule,
            DaySpan(
                window.days.from_day - timedelta(days=SIMILAR_DAYS_LOOKED_BACK),
                window.days.from_day,
            ),
            before=known_at,
        ),
    )


def _billed_register(file: MeterFile, days: DaySpan) -> Register:
    (setup,) = [one for one in file.configurations if one.days.within(days) == days]
    found = _delivered(setup)
    if len(found) != 1:
        told = "no register" if not found else f"{len(found)} registers"
        raise RegisterHeld(
            f"The meter has {told} of delivered energy",
            where=f"meter {file.meter_id}",
            why="A bill is worked out from one",
            do="Correct the configuration with `meterledger meter configure`",
        )
    return found[0]


def _delivered(setup: MeterConfiguration) -> list[Register]:
    flows = (Flow.DELIVERED, Flow.UNKNOWN)
    return [one for one in setup.registers if one.flow in flows and one.unit in ENERGY_UNITS]


def moved_wh(stay: Stay, before: RegisterValue, after: RegisterValue) -> tuple[int, bool]:
    """Energy between two reads, and whether the register rolled over.

    :raises RegisterStepped: if it stepped back, or moved more than can have flowed
    """
    if before.at >= after.at:
        ensure(before.shown == after.shown, "of one instant there is one read")
        return 0, False
    use = stay.metered.between(before, after)
    energy = stay.metered.energy_wh(use)
    if energy is None:
        figures = stay.metered.figures
        raise RegisterStepped(
            f"The register went from {figures(before.shown)} at {instant_text(before.at)} to "
            f"{figures(after.shown)} at {instant_text(after.at)}: "
            + ("a step back" if use.step is RegisterStep.BACKWARD else "more than can have flowed"),
            where=f"meter {stay.installed.meter_id}",
            do="Read it again, or record the exchange of the meter; then run the bill again",
        )
    return energy, use.step is RegisterStep.ROLLOVER


def actual(stay: Stay, read: RegisterValue) -> BilledRead:
    """An actual read as a bill tells it."""
    return BilledRead(read.shown, read.at, ReadBasis.ACTUAL, stay.metered.figures(read.shown))


def value(read: BilledRead) -> RegisterValue:
    """The actual read behind what a bill opened or closed on."""
    return RegisterValue(read.shown_at, read.shown)


def visits(file: MeterFile) -> list[MeterWork]:
    """The visits of a meter that nobody has corrected, and the corrections."""
    wrong = {work.corrects for work in file.work}
    return [work for work in file.work if work.work_id not in wrong]


def visit_read(stay: Stay, *, closing: bool, at: int) -> RegisterValue | None:
    """What the register showed at a visit that brought the meter or took it away."""
    for work in visits(stay.file):
        meter, reads = _of_visit(work, closing=closing)
        if meter != stay.installed.meter_id or int(work.at.timestamp()) != at:
            continue
        for one in reads:
            if one.register == stay.metered.register.name:
                return RegisterValue(at, shown_from_text(stay.metered.register, one.value))
    return None


def _of_visit(work: MeterWork, *, closing: bool) -> tuple[str | None, tuple[RegisterRead, ...]]:
    if closing:
        return work.removed_meter, work.closing
    return work.installed_meter, work.opening
