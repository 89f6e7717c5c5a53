"""The usage of a window whose meters are billed on their register: two reads, or an estimate.

Lives here      the read a bill opens on and closes on; exchanges; reads moved to the day service
                begins or ends; what a bill of a register says.
Lives elsewhere what is known of the window (``register_windows``), a missing closing read
                (``register_estimates``), prices (``calculate``).
Read first      docs/decisions/0018-bills-of-registers.md.

A bill's energy is what its register moved between two actual reads, and what is billed ahead of
the closing one less what was billed ahead of the opening one. A bill opens where the last one
closed, so energy is billed once whatever was estimated.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from meterledger.billing import BillDisplayFacts, BillWindow, decide_bill_display
from meterledger.facts.bills import BilledUsage, Stretch
from meterledger.facts.charges import ChargeLine
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.registers import BilledRead, ReadBasis, RegisterShare
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.local_days import day_start_utc, local_day_of
from meterledger.kernel.span import DaySpan
from meterledger.metering import RegisterValue, first_on
from meterledger.rating import TimesNeeded
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage import (
    AdjustedRead,
    AdjustFacts,
    FirstLastFacts,
    FirstLastReading,
    FirstLastRoute,
    PeriodReadingsFacts,
    ReadingsBilledOn,
    ReplacementFacts,
    decide_adjustment,
    decide_first_last,
    decide_period_readings,
    decide_replacement,
    instant_text,
)
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.given_beside import NOTHING_GIVEN, GivenBeside
from meterledger.usecases.register_estimates import Closing, RegisterUsage, estimate_closing
from meterledger.usecases.register_windows import (
    BilledBeyondRegister,
    NoOpeningRead,
    PeriodsNeeded,
    ReadIsOwed,
    RegisterSources,
    RegisterWindow,
    Stay,
    actual,
    billed_on_registers,
    files_on_registers,
    gather,
    moved_wh,
    register_window,
    value,
    visit_read,
    visits,
)

LEAST_READINGS = "meters.readings.minimum_per_period"
RESPONSIBLE_DAYS = "estimation_initial_final_three_day_read_window_days"


def register_usage(
    service: BillableService,
    window: BillWindow,
    installations: tuple[MeterInstallation, ...],
    *,
    known_at: datetime,
    on: date,
    sequence: int,
    view: BookView,
    store: RegisterSources,
) -> RegisterUsage | None:
    """The usage of one service's window if its meters are billed on their register, else None.

    :raises RegisterHeld: if it cannot be billed
    """
    files = files_on_registers([one.meter_id for one in installations], known_at, store)
    if not billed_on_registers(installations, window.days, files):
        return None
    gathered = gather(
        [(service, installations)],
        window.days,
        view=view,
        at_sequence=sequence,
        store=store,
    )
    known = register_window(
        service,
        window,
        installations,
        gathered,
        files,
        known_at=known_at,
        on=on,
        sequence=sequence,
        view=view,
        store=store,
    )
    return usage_of_registers(known)


def usage_of_registers(one: RegisterWindow) -> RegisterUsage:
    """What is billed of the window, and why.

    :raises RegisterHeld: if it cannot be billed without a person, or without another read
    """
    opening, reasons = _opening(one)
    before: list[RegisterShare] = []
    for stay, follows in zip(one.stays, one.stays[1:], strict=False):
        at = _second(stay.installed.stretch(one.zone)[1])
        left = visit_read(stay, closing=True, at=at)
        came = visit_read(follows, closing=False, at=at)
        if left is None or came is None:
            noun, meter = ("closing", stay) if left is None else ("opening", follows)
            raise NoOpeningRead(
                f"There is no {noun} reading of the exchange at {instant_text(at)}",
                where=f"meter {meter.installed.meter_id}",
                do="Record the visit with its readings: `meterledger meter exchange`",
            )
        before.append(_share(stay, opening, actual(stay, left)))
        opening = actual(follows, came)
    closing = _closing(one, opening, before)
    shares = (*before, _share(one.last, opening, closing.read))
    return _described(one, shares, closing, reasons)


def _second(at: int | None) -> int:
    return at if at is not None else 0


def _share(stay: Stay, opening: BilledRead, closing: BilledRead) -> RegisterShare:
    moved, rolled_over = moved_wh(stay, value(opening), value(closing))
    fresh = closing.shown_at != opening.shown_at
    measured = moved - opening.ahead_wh if fresh else 0
    energy = moved + closing.ahead_wh - opening.ahead_wh
    if energy < 0:
        raise BilledBeyondRegister(
            f"The register shows {stay.metered.figures(closing.shown)}, and "
            f"{opening.figures} was billed before: {-energy} Wh too much",
            where=f"meter {stay.installed.meter_id}",
            why="The bill before this one was estimated too high, and use is never below zero",
            do="Bill that period again with the real reading",
        )
    return RegisterShare(
        meter=stay.meter,
        register=stay.metered.register.name,
        unit=stay.metered.register.unit,
        multiplier=stay.metered.multiplier,
        opening=opening,
        closing=closing,
        rolled_over=rolled_over,
        measured_wh=measured,
        energy_wh=energy,
    )


# ------------------------------------------------------------------------------------- opening


def _opening(one: RegisterWindow) -> tuple[BilledRead, tuple[Reason, ...]]:
    """The read that the bill opens on: where the last bill closed, else an actual read."""
    stay, day = one.stays[0], one.days.from_day
    carried = _carried(one, stay)
    if carried is not None:
        return carried, _reported(one, stay, carried)
    begun = stay.installed.stretch(one.zone)[0]
    if stay.installed.days.from_day == day:
        for work in visits(stay.file):
            came = visit_read(stay, closing=False, at=int(work.at.timestamp()))
            if (
                came is not None
                and work.installed_meter == stay.installed.meter_id
                and (local_day_of(work.at, one.zone) == day and begun <= came.at)
            ):
                return actual(stay, came), ()
    read = first_on(stay.reads, day, one.zone)
    if read is not None:
        return actual(stay, read), ()
    if one.initial:
        moved = _moved_to_first_day(one, stay)
        if moved is not None:
            return moved
    raise NoOpeningRead(
        f"There is no actual read of {day}, on which the bill begins",
        where=f"meter {stay.installed.meter_id}",
        why="No bill before it closed on this register",
        do="Ingest the read of that day, or record it with the visit that brings the meter "
        "(`meterledger meter install --opening`; service starts without a meter then)",
    )


def _carried(one: RegisterWindow, stay: Stay) -> BilledRead | None:
    """Where the last bill of the place closed this register."""
    for earlier in reversed(one.earlier):
        if earlier.bill.days.until_day != one.days.from_day:
            continue
        shares = earlier.usage.get("registers", ())
        if not shares or shares[-1]["meter"] != stay.meter:
            return None
        told = shares[-1]["closing"]
        at = datetime.strptime(told["shown_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return BilledRead(
            shown=told["shown"],
            shown_at=int(at.timestamp()),
            basis=ReadBasis(told["basis"]),
            figures=told["figures"],
            ahead_wh=told["ahead_wh"],
        )
    return None


def _reported(one: RegisterWindow, stay: Stay, carried: BilledRead) -> tuple[Reason, ...]:
    """A real read of the day on which the last bill closed, if it is another one now."""
    real = first_on(stay.reads, one.days.from_day, one.zone)
    if real is None or real.at <= carried.shown_at:
        return ()
    apart = moved_wh(stay, value(carried), real)[0] - carried.ahead_wh
    if apart == 0:
        return ()
    clause = Terms(one.view, one.days.last_day).clause(LEAST_READINGS)
    return (
        Reason(
            f"this bill opens at {carried.figures}, where the last one closed "
            f"({carried.basis.value}); the register showed {stay.metered.figures(real.shown)} that "
            f"day, {abs(apart)} Wh {'more' if apart > 0 else 'less'}",
            clause.citation,
        ),
    )


def _moved_to_first_day(
    one: RegisterWindow, stay: Stay
) -> tuple[BilledRead, tuple[Reason, ...]] | None:
    """A read near the first day of service, moved to it by the use of the window."""
    day = one.days.from_day
    later = _last_read(one, stay)
    for read in _near(one, stay, day):
        if later is None or later.at <= read.at:
            continue
        taken = _first_or_last(one, day, read)
        if not taken.outcome.adjust:
            continue
        adjusted = _adjusted(one, stay, read, day, (read, later))
        return _as_adjusted(stay, read, adjusted), (*taken.reasons, *adjusted.reasons)
    return None


def _last_read(one: RegisterWindow, stay: Stay) -> RegisterValue | None:
    """The newest actual read of the window, its closing day included."""
    until = int(day_start_utc(one.days.until_day + timedelta(days=1), one.zone).timestamp())
    return next((read for read in reversed(stay.reads) if read.at < until), None)


def _near(one: RegisterWindow, stay: Stay, day: date) -> list[RegisterValue]:
    """Reads within the days that the sheet allows around a day, the nearest first."""
    most = Terms(one.view, day).whole(RESPONSIBLE_DAYS).value

    def apart(read: RegisterValue) -> int:
        return abs((_day(one, read) - day).days)

    return sorted((read for read in stay.reads if 0 < apart(read) <= most), key=apart)


def _day(one: RegisterWindow, read: RegisterValue) -> date:
    return local_day_of(datetime.fromtimestamp(read.at, UTC), one.zone)


def _first_or_last(
    one: RegisterWindow, day: date, read: RegisterValue | None
) -> Decision[FirstLastReading]:
    notified = local_day_of(one.service.agreement.learned_at, one.zone)
    return decide_first_last(
        FirstLastFacts(
            responsible_date=day,
            notified_on=notified,
            readable_on_the_day=notified <= day,
            read_on=None if read is None else _day(one, read),
            attempt_failed=any(effort.day >= notified for effort in one.efforts),
        ),
        Terms(one.view, day),
    )


def _adjusted(
    one: RegisterWindow,
    stay: Stay,
    read: RegisterValue,
    day: date,
    between: tuple[RegisterValue, RegisterValue],
) -> Decision[AdjustedRead]:
    """The read moved to the day by the average daily use between two actual reads."""
    first, last = between
    days = max(1, (_day(one, last) - _day(one, first)).days)
    return decide_adjustment(
        AdjustFacts(
            register_wh=stay.metered.total_wh(read.shown),
            read_on=_day(one, read),
            responsible_date=day,
            average_daily_wh=Fraction(moved_wh(stay, first, last)[0], days),
        ),
        Terms(one.view, day),
    )


def _as_adjusted(stay: Stay, read: RegisterValue, moved: Decision[AdjustedRead]) -> BilledRead:
    ahead = moved.outcome.moved_wh
    figures = stay.metered.figures(read.shown, ahead)
    return BilledRead(read.shown, read.at, ReadBasis.ADJUSTED, figures, ahead)


# ------------------------------------------------------------------------------------- closing


def _closing(one: RegisterWindow, opening: BilledRead, before: list[RegisterShare]) -> Closing:
    """The read that the bill closes on: an actual one, one moved to the day, or an estimate."""
    stay, day = one.last, one.days.until_day
    gone = stay.installed.stretch(one.zone)[1]
    if gone is not None and gone == int(day_start_utc(day, one.zone).timestamp()):
        left = visit_read(stay, closing=True, at=gone)
        if left is not None:
            return Closing(actual(stay, left), reasons=_enough(one, opening, at_the_end=True))
    read = first_on(stay.reads, day, one.zone)
    if read is not None and read.at > opening.shown_at:
        return Closing(actual(stay, read), reasons=_enough(one, opening, at_the_end=True))
    if not one.final:
        reasons = _enough(one, opening, at_the_end=False)
        return _with(estimate_closing(one, opening, before, late=False), reasons)
    for near in _near(one, stay, day):
        if near.at <= opening.shown_at or opening.basis is not ReadBasis.ACTUAL:
            continue
        taken = _first_or_last(one, day, near)
        if taken.outcome.adjust:
            adjusted = _adjusted(one, stay, near, day, (value(opening), near))
            closing = _as_adjusted(stay, near, adjusted)
            return Closing(closing, reasons=(*taken.reasons, *adjusted.reasons))
    route = _first_or_last(one, day, None)
    by = route.outcome.attempt_by
    if route.outcome.route is FirstLastRoute.ATTEMPT_A_READ and by is not None:
        raise ReadIsOwed(
            f"A read of {day} is to be attempted by {by}",
            where=f"meter {stay.installed.meter_id}",
            why=f"Notice came late, and an attempt is owed ({route.reasons[-1].citation.text})",
            do="Read the meter, or write the failed attempt down with `meterledger review effort`",
        )
    late = route.outcome.route is FirstLastRoute.ESTIMATE
    return _with(estimate_closing(one, opening, before, late=late), route.reasons)


def _with(closing: Closing, reasons: tuple[Reason, ...]) -> Closing:
    return replace(closing, reasons=(*reasons, *closing.reasons))


def _enough(one: RegisterWindow, opening: BilledRead, *, at_the_end: bool) -> tuple[Reason, ...]:
    """Whether the least readings of a period were obtained, as the bill tells it (GRR V.D)."""
    until = int(day_start_utc(one.days.until_day + timedelta(days=1), one.zone).timestamp())
    count = sum(opening.shown_at < read.at < until for read in one.last.reads)
    facts = PeriodReadingsFacts(
        billed_on=ReadingsBilledOn.REGISTER,
        register_readings=max(count, 1 if at_the_end else 0),
        read_at_the_end=at_the_end,
    )
    return decide_period_readings(facts, Terms(one.view, one.days.last_day)).reasons


# ------------------------------------------------------------------------------------ the bill


def _described(
    one: RegisterWindow,
    shares: tuple[RegisterShare, ...],
    closing: Closing,
    reasons: tuple[Reason, ...],
) -> RegisterUsage:
    energy = sum(share.energy_wh for share in shares)
    told = [share.told(int) for share in shares]
    display = decide_bill_display(
        BillDisplayFacts(
            residential=True, schedule_needs_periods=False, usage_from_intervals=False
        ),
        Terms(one.view, one.on),
    )
    usage = BilledUsage(
        meter=one.last.meter,
        interval_seconds=None,
        interval_count=0,
        energy_wh=energy,
        daily_wh=(),
        sha256=sha256_hex(canonical_bytes(told)),
        stretches=(Stretch(one.days, energy),),
        estimated=closing.estimated,
        registers=shares,
        estimates=closing.estimates,
    )
    return RegisterUsage(usage, (*reasons, *closing.reasons, *display.reasons))


def price_register(
    calculator: Calculator,
    schedule: str,
    found: RegisterUsage,
    window: DaySpan,
    given: GivenBeside = NOTHING_GIVEN,
) -> tuple[ChargeLine, ...]:
    """Charge lines, without tax, of a register's use.

    :raises PeriodsNeeded: if the rate is by time of day: nothing stands in for intervals (GRR V.D)
    """
    try:
        return calculator.price_total(schedule, window, found.usage.energy_wh, given)
    except TimesNeeded as refusal:
        decision = decide_replacement(
            ReplacementFacts(
                residential=True,
                usage_from_intervals=True,
                schedule_needs_periods=True,
                eligible_for_such_a_schedule=True,
            ),
            Terms(calculator.view, window.last_day),
        )
        reason = decision.reasons[-1]
        told = f"{reason.finding[:1].upper()}{reason.finding[1:]}"
        if not decision.outcome.register_may_stand_in:
            told = "On such a rate readings of the register may not stand in for intervals"
        raise PeriodsNeeded(
            refusal.what,
            why=f"{told} ({reason.citation.text})",
            do="Put the account on a rate without time periods, or set the meter up for intervals",
        ) from refusal
