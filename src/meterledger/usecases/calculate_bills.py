"""Calculate bills of one window for many services: usage, prices, lines. Records nothing.

Lives here      the calculation that issuing, dry runs, replay and what-if all come through; what
                holds a bill, and whose queue that is.
Lives elsewhere one due window with its meters (``due_bills``), which are due and recording bills
                (``issue_bills``), the usage of a window (``window_usage``), prices (``calculate``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger import rating
from meterledger.billing import (
    assemble_bill,
    tax_subject_of,
    without_uncharged,
)
from meterledger.facts.bills import Bill, BilledUsage, BillKind, BillPins, HeldBill
from meterledger.facts.charges import ChargeLine
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.findings import Finding
from meterledger.facts.places import BillableService
from meterledger.kernel.decision import Reason
from meterledger.kernel.local_days import time_zone_data_version
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usage import (
    UsageNotTiled,
    describe_exchanged,
    describe_tiled,
    describe_usage,
)
from meterledger.usecases.beside_usage import BesideSources, BesideUsage, rows_of
from meterledger.usecases.bill_estimates import say_estimates
from meterledger.usecases.bill_options import as_asked, credit_lines, options_of, own_due_day
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.bills_together import usage_together
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.due_bills import DueBill, due_bill, goes_on, where_of, window_of
from meterledger.usecases.hold_codes import hold_code
from meterledger.usecases.left_uncharged import LeftAsked, with_uncharged
from meterledger.usecases.paperless_history import PaperlessAsked
from meterledger.usecases.ports import Lake
from meterledger.usecases.register_usage import price_register, usage_of_registers
from meterledger.usecases.register_windows import (
    RegisterHeld,
    RegisterSources,
    billed_on_registers,
    files_on_registers,
    gather,
    register_window,
)
from meterledger.usecases.unmetered_usage import UnmeteredHeld, UnmeteredSource, bill_unmetered
from meterledger.usecases.window_usage import (
    KeptReadings,
    meters_of_window,
    usage_of_exchange,
    usage_of_window,
)

__all__ = [
    "BilledReadings",
    "DueBill",
    "UnknownRevision",
    "calculate_bills",
    "due_bill",
    "goes_on",
    "held_bill",
    "where_of",
    "window_of",
]


class UnknownRevision(Refusal):
    """A bill was made by a revision of the calculation that this release does not know."""


class BilledReadings(
    KeptReadings,
    RegisterSources,
    PaperlessAsked,
    UnmeteredSource,
    BesideSources,
    LeftAsked,
    Protocol,
):
    """What is asked: intervals beside the lake, registers, choices, loads, programmes, deposits."""


def calculate_bills(
    batch: Sequence[DueBill],
    *,
    on: date,
    known_at: datetime,
    sequence: int,
    lake: Lake,
    kept: BilledReadings,
    view: BookView,
    cause: EstimateCause | None = None,
    revision: str = rating.CALCULATION_REVISION,
) -> tuple[list[Bill], list[HeldBill]]:
    """Bills of one window for many services, and those held; records nothing.

    This is the calculation itself: issuing, dry runs and replay all come through here. ``cause`` is
    why registers were not read, where somebody has told; bills do not say it. ``revision`` of the
    calculation is the newest, or that of the bill which is replayed.

    :raises UnknownRevision: if this release does not know the revision
    """
    if revision not in rating.CALCULATION_REVISIONS:
        raise UnknownRevision(
            f"Revision {revision} of the calculation is not known",
            do=f"Use a release that knows it; this one knows "
            f"{', '.join(rating.CALCULATION_REVISIONS)}",
        )
    window = batch[0].window.days
    calculator = Calculator(view, cycle=batch[0].service.account.cycle)
    apart = _by_cycle(batch, calculator)
    if len(apart) > 1:
        how: Any = {"known_at": known_at, "sequence": sequence, "lake": lake, "kept": kept}
        how |= {"view": view, "cause": cause, "revision": revision}
        each = [calculate_bills(some, on=on, **how) for some in apart]
        return [one for bills, _ in each for one in bills], [
            one for _, held in each for one in held
        ]
    pins = BillPins(
        known_at=known_at,
        lake_sequence=sequence,
        book_sha256=view.sha256,
        calculation_revision=min(revision, rating.CALCULATION_REVISION),
        time_zone_data=time_zone_data_version(),
    )
    batch = with_uncharged(_with_options(batch, known_at, kept), on, known_at, kept)
    together = [one for one in batch if one.joined]
    batch = [one for one in batch if not one.joined]
    beside = BesideUsage(
        [one.service for one in batch],
        window,
        known_at=known_at,
        sequence=sequence,
        calculator=calculator,
        lake=lake,
        store=kept,
    )
    unmetered = [one for one in batch if not one.installations]
    batch = [one for one in batch if one.installations]
    bills, held, batch = _bills_of_registers(
        batch, window, on, pins, calculator, beside, kept, cause
    )
    for made, not_made in (
        _bills_of_loads(unmetered, on, pins, calculator, beside, kept),
        _bills_together(together, on, pins, calculator, lake, kept),
    ):
        bills, held = bills + made, held + not_made
    by_meter = {one.meter: one for one in batch}
    found = usage_of_window(
        {one.meter: one.installations[0] for one in batch if len(one.installations) == 1},
        window,
        zone=view.time_zone,
        at_sequence=sequence,
        lake=lake,
        kept=kept,
    )
    held += [_refused(by_meter[meter], refusal) for meter, refusal in found.refused.items()]
    held += [_gap(by_meter[meter], finding) for meter, finding in found.gaps.items()]
    complete = [by_meter[one.usage.meters[row]] for one in found.whole for row in one.complete]
    beside.with_received(
        {
            one.service.agreement.agreement_id: (one.service, one.installations[0])
            for one in complete
        }
    )
    for whole in found.whole:
        rows = [by_meter[meter] for meter in whole.usage.meters]
        described = describe_usage(whole.usage) if whole.complete else []
        by_schedule: dict[str, list[int]] = {}
        for row in whole.complete:
            if beside.has(rows[row].service):
                one, schedule = rows[row], rows[row].service.agreement.schedule
                try:
                    more = beside.of(one.service)
                    alone = rows_of(whole.usage, [row])
                    lines = calculator.price_usage(schedule, window, alone, more.given)
                    said = described[row]
                    bills.append(_bill(one, lines, said, on, pins, calculator, kept, more.reasons))
                except Refusal as refusal:
                    held.append(held_bill(one.service, window, refusal))
                continue
            by_schedule.setdefault(rows[row].service.agreement.schedule, []).append(row)
        for schedule, members in sorted(by_schedule.items()):
            try:
                priced = calculator.price_intervals(schedule, window, rows_of(whole.usage, members))
            except Refusal as refusal:  # nobody on this schedule can be priced
                held += [held_bill(rows[row].service, window, refusal) for row in members]
                continue
            for row, lines in zip(members, priced, strict=True):
                try:
                    bills.append(
                        _bill(rows[row], lines, described[row], on, pins, calculator, kept)
                    )
                except Refusal as refusal:  # one account's matter: its neighbors' bills go out
                    held.append(held_bill(rows[row].service, window, refusal))
    for one in (each for each in batch if len(each.installations) > 1):
        try:
            exchanged = usage_of_exchange(
                one.installations,
                window,
                zone=view.time_zone,
                utility=view.name,
                at_sequence=sequence,
                lake=lake,
                kept=kept,
            )
        except Refusal as refusal:
            held.append(_refused(one, refusal))
            continue
        schedule = one.service.agreement.schedule
        try:
            more = beside.of_exchanged(one.service, one.installations)
            lines = calculator.price_tiled(schedule, window, exchanged.tiled, more.given)
            said = describe_exchanged(exchanged)
            bills.append(_bill(one, lines, said, on, pins, calculator, kept, more.reasons))
        except Refusal as refusal:
            held.append(held_bill(one.service, window, refusal))
    for meter, tiled in found.tiled.items():
        one = by_meter[meter]
        try:
            more = beside.without_intervals(one.service)
            schedule = one.service.agreement.schedule
            lines = calculator.price_tiled(schedule, window, tiled, more.given)
            said = describe_tiled(tiled)
            bills.append(_bill(one, lines, said, on, pins, calculator, kept, more.reasons))
        except Refusal as refusal:
            held.append(held_bill(one.service, window, refusal))
    return bills, held


def _bills_together(
    batch: Sequence[DueBill],
    on: date,
    pins: BillPins,
    calculator: Calculator,
    lake: Lake,
    kept: BilledReadings,
) -> tuple[list[Bill], list[HeldBill]]:
    """One bill on the sum of several meters of an account, each (GRR IV.C), and those held."""
    bills: list[Bill] = []
    held: list[HeldBill] = []
    pins = replace(pins, calculation_revision=rating.REVISION_TOGETHER)
    for one in batch:
        window, schedule = one.window.days, one.service.agreement.schedule
        try:
            found = usage_together(
                one.service,
                window,
                one.installations,
                one.joined,
                on=on,
                known_at=pins.known_at,
                sequence=pins.lake_sequence,
                lake=lake,
                kept=kept,
                calculator=calculator,
            )
            lines = calculator.price_together(schedule, window, found.each)
            bills.append(_bill(one, lines, found.usage, on, pins, calculator, kept, found.reasons))
        except Refusal as refusal:
            held.append(held_bill(one.service, window, refusal))
    return bills, held


def _bills_of_loads(
    batch: Sequence[DueBill],
    on: date,
    pins: BillPins,
    calculator: Calculator,
    beside: BesideUsage,
    store: BilledReadings,
) -> tuple[list[Bill], list[HeldBill]]:
    """Bills of service points without a meter, by the loads known there, and those held."""
    bills: list[Bill] = []
    held: list[HeldBill] = []
    if not batch:
        return bills, held
    points = [one.service.agreement.service_point_id for one in batch]
    known = store.unmetered_loads(points, pins.known_at)
    for one, point in zip(batch, points, strict=True):
        window = one.window.days
        loads = [load for load in known.get(point, ()) if load.days.within(window) is not None]
        try:
            if not loads:  # nor was there a meter: this refuses
                meters_of_window(
                    point, one.service.installations, window, calculator.view.time_zone
                )
            if beside.has(one.service):
                raise UnmeteredHeld(
                    "A service without a meter takes part in no programme, and has no demand",
                    where=where_of(one),
                    do="End it with `meterledger program leave`, or put it on another rate",
                )
            found = bill_unmetered(one.service, window, loads, calculator)
            bills.append(
                _bill(one, found.lines, found.usage, on, pins, calculator, store, found.reasons)
            )
        except Refusal as refusal:
            held.append(held_bill(one.service, window, refusal))
    return bills, held


def _bills_of_registers(
    batch: Sequence[DueBill],
    window: DaySpan,
    on: date,
    pins: BillPins,
    calculator: Calculator,
    beside: BesideUsage,
    store: BilledReadings,
    cause: EstimateCause | None,
) -> tuple[list[Bill], list[HeldBill], list[DueBill]]:
    """Bills of meters that are billed on their register, those held, and the rest of the batch."""
    view = calculator.view
    meters = [each.meter_id for one in batch for each in one.installations]
    files = files_on_registers(meters, pins.known_at, store)
    if not files:
        return [], [], list(batch)
    bills: list[Bill] = []
    held: list[HeldBill] = []
    rest: list[DueBill] = []
    due: list[DueBill] = []
    for one in batch:
        try:
            (due if billed_on_registers(one.installations, window, files) else rest).append(one)
        except RegisterHeld as refusal:
            held.append(_refused(one, refusal))
    gathered = gather(
        [(one.service, one.installations) for one in due],
        window,
        view=view,
        at_sequence=pins.lake_sequence,
        store=store,
    )
    for one in due:
        try:
            known = register_window(
                one.service,
                one.window,
                one.installations,
                gathered,
                files,
                known_at=pins.known_at,
                on=on,
                sequence=pins.lake_sequence,
                view=view,
                store=store,
                cause=cause,
            )
            found = usage_of_registers(known)
            more, schedule = beside.without_intervals(one.service), one.service.agreement.schedule
            lines = price_register(calculator, schedule, found, window, more.given)
            reasons = (*found.reasons, *more.reasons)
            bills.append(_bill(one, lines, found.usage, on, pins, calculator, store, reasons))
        except RegisterHeld as refusal:
            held.append(_refused(one, refusal))
        except Refusal as refusal:
            held.append(held_bill(one.service, window, refusal))
    return bills, held, rest


def _gap(one: DueBill, finding: Finding) -> HeldBill:
    return HeldBill(
        account_id=one.service.account.account_id,
        agreement_id=one.service.agreement.agreement_id,
        days=one.window.days,
        code=finding.code,
        sentence=f"{where_of(one)}: {finding.sentence} "
        "Ingest the missing readings, or estimate them with `meterledger validate`, then run the "
        "bill again.",
    )


def _refused(one: DueBill, refusal: Refusal) -> HeldBill:
    """A meter whose usage cannot be given; what does not tile the window says which meter's."""
    held = held_bill(one.service, one.window.days, refusal)
    if isinstance(refusal, UsageNotTiled):
        return replace(held, sentence=f"{where_of(one)}: {refusal.sentence}")
    if isinstance(refusal, RegisterHeld):
        return held
    return replace(held, code="usage.refused")


def _bill(
    one: DueBill,
    lines: tuple[ChargeLine, ...],
    usage: BilledUsage,
    on: date,
    pins: BillPins,
    calculator: Calculator,
    kept: PaperlessAsked,
    reasons: tuple[Reason, ...] = (),
) -> Bill:
    window = one.window.days
    usage, estimates = say_estimates(usage, days=window, on=on, view=calculator.view)
    schedule = one.service.agreement.schedule
    billed_on = one.first_issued or on  # a correction gives what was earned when it was billed
    credit = credit_lines(one, billed_on, pins.known_at, calculator.view, kept)
    lines = (*lines, *credit)
    bill = assemble_bill(
        agreement=one.service.agreement,
        window=one.window,
        lines=calculator.with_tax(
            lines,
            window,
            one.tax_place,
            schedule=schedule,
            subject=tax_subject_of(one.service, window),
        ),
        service_class=calculator.service_class(schedule, window),
        usage=usage,
        tax_place=one.tax_place,
        issued_day=on,
        due_day=own_due_day(one.options, on, calculator.view),
        reasons=(*calculator.why(schedule, window), *reasons, *estimates),
        pins=pins,
    )
    bill = without_uncharged(
        bill,
        first_issued=billed_on,
        view=calculator.view,
        deposit_refunded=bool(one.deposit_refunded),
        left_on=one.left_on,
    )
    return as_asked(
        bill,
        BillKind.REGULAR if one.plan_goes_on else one.window.kind,
        one.options,
        calculator.view,
        billed_on=one.plan_asked_on or billed_on,
        every_place=one.plan_of_every_place,
    )


def _by_cycle(batch: Sequence[DueBill], calculator: Calculator) -> list[list[DueBill]]:
    """The batch by reading cycle, where the season of its window may depend on the cycle."""
    found: dict[int, list[DueBill]] = {}
    for one in batch:
        found.setdefault(one.service.account.cycle, []).append(one)
    if len(found) > 1:
        schedules = {one.service.agreement.schedule for one in batch}
        if any(calculator.goes_by_period(each, batch[0].window.days) for each in schedules):
            return list(found.values())
    return [list(batch)]


def _with_options(
    batch: Sequence[DueBill], known_at: datetime, store: OptionsAsked
) -> list[DueBill]:
    """The batch with what its accounts have chosen: most have chosen nothing."""
    found = options_of([one.service.account.account_id for one in batch], known_at, store)
    return [
        replace(one, options=found[one.service.account.account_id])
        if one.service.account.account_id in found
        else one
        for one in batch
    ]


def held_bill(service: BillableService, days: DaySpan | None, refusal: Refusal) -> HeldBill:
    """A service whose bill is held by a refusal, with the queue it belongs in.

    :raises Refusal: the same again, if the database is gone or full: the run ends then
    """
    account, told = service.account.account_id, refusal.of_one_case().sentence
    named = told.lower().startswith(f"account {account}")
    return HeldBill(
        account_id=account,
        agreement_id=service.agreement.agreement_id,
        days=days,
        code=hold_code(refusal),
        sentence=f"{told[0].upper()}{told[1:]}" if named else f"Account {account}: {told}",
    )
