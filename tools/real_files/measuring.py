"""A folder of real files through ``ingest`` and the function that bills: energy in, energy billed.

Lives here      one file's way from its bytes to bills, and the sums of both sides.
Lives elsewhere other forms as plain tables (``forms``), the book (``carried_back``), ``windows``;
                reading, keeping, billing, replaying: what is measured (``meterledger``), unchanged.
Read first      docs/operating/measuring_real_files.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from tools.real_files.carried_back import CarriedBackBook
from tools.real_files.forms import FormBroken, Table, as_table
from tools.real_files.measured import Measured, wh_text
from tools.real_files.windows import inside, touching, windows_of

from meterledger.facts.bills import Bill
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    BillableService,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.readings import ChannelKind, ChannelReadings, Flow, Reading, ReadingFile
from meterledger.kernel.ids import with_check_digit
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import whole_from_decimal_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.ledger import entry_for_bill
from meterledger.rulebook.book import BookView
from meterledger.stores.gateways import FileRefused, read_bytes, read_file
from meterledger.usecases.calculate_bills import calculate_bills, due_bill, window_of
from meterledger.usecases.ports import Lake, ServiceStart, Store
from meterledger.usecases.receive_readings import receive_readings
from meterledger.usecases.replay_bill import replay_bill

NO_READINGS = frozenset({".json", ".md", ".txt", ".xsd"})
"""What stands beside meter files and holds no readings."""

RECORDED = "1M-anytime"
"""The option whose bills are recorded and replayed; the others are calculated beside it."""
OF_HOMES = "1M-"
"""How the codes of the options for homes begin; nothing is asked of the other classes."""


@dataclass(frozen=True)
class Utility:
    """Where files are received and bills made: the stores and the book of one place."""

    store: Store
    lake: Lake
    book: CarriedBackBook
    known_at: datetime

    @property
    def view(self) -> BookView:
        """The book as known in the measurement."""
        return self.book.as_known(self.known_at.date())


def measure_folder(folder: Path, utility: Utility) -> Iterator[list[Measured]]:
    """Every file of the folder and those below, by name, but those that tell about files.

    One list for each file, so that a caller may tell what is happening.
    """
    number = 0
    files = [one for one in folder.rglob("*") if one.is_file() and one.suffix not in NO_READINGS]
    for path in sorted(files):
        measured = measure_file(path, str(path.relative_to(folder)), utility, number)
        number += len(measured)
        yield measured


def measure_file(path: Path, name: str, utility: Utility, number: int) -> list[Measured]:
    """One file: each of its meters with delivered electricity, or the sentence that refuses it.

    ``number`` tells meters of different files apart; the file's own readings are not changed.
    """
    zone = utility.view.time_zone
    try:
        table = as_table(path)
    except FormBroken as refusal:
        return [Measured(name, "refused", zone, sentences=[f"{name}: {refusal.sentence}"])]
    try:
        read = _read(path, table, utility.known_at)
    except FileRefused as refusal:
        return [Measured(name, "refused", zone, sentences=[refusal.sentence])]
    own = _renamed(read, number)
    meters = sorted({one.channel.meter_id for one in own.channels if _is_delivered(one)})
    if not meters:
        return [
            Measured(name, read.format, zone, sentences=["No interval of delivered electricity."])
        ]
    found = []
    for place, meter in enumerate(meters):
        channels = [one for one in own.channels if one.channel.meter_id == meter]
        measured = Measured(name, table.form if table else read.format, zone)
        measured.meter = meter.partition(".")[2]
        readings, powers = _delivered(channels)
        measured.intervals = len(readings)
        measured.lengths = _lengths(readings)
        measured.energy_in = sum((_wh(one, powers) for one in readings), Fraction(0))
        if table is not None:
            _compare_with_published(measured, table.published_kwh.get(measured.meter))
        found.append(measured)
        if not readings:
            measured.sentences.append("None of its intervals has a value.")
            continue
        file = replace(own, sha256=f"{number + place:064x}", channels=tuple(channels))
        _bill(measured, file, readings, powers, utility, number + place)
    return found


def _read(path: Path, table: Table | None, received_at: datetime) -> ReadingFile:
    if table is None:
        return read_file(path, received_at=received_at)
    return read_bytes(path.name, table.data, received_at=received_at)


def _renamed(file: ReadingFile, number: int) -> ReadingFile:
    """The same readings of a meter that no other file has."""
    channels = tuple(
        replace(
            one, channel=replace(one.channel, meter_id=f"F{number}.{one.channel.meter_id}")
        )
        for one in file.channels
    )  # fmt: skip
    return replace(file, channels=channels)


def _is_delivered(one: ChannelReadings) -> bool:
    return (
        one.channel.kind is ChannelKind.INTERVAL
        and one.channel.energy_wh_power is not None
        and one.channel.flow in (Flow.DELIVERED, Flow.UNKNOWN)
    )


def _delivered(channels: Sequence[ChannelReadings]) -> tuple[list[Reading], dict[Reading, int]]:
    """The delivered readings with a value, in order of time, and each one's power of ten."""
    powers = {
        reading: int(one.channel.energy_wh_power or 0)
        for one in channels
        if _is_delivered(one)
        for reading in one.readings
        if reading.value is not None
    }
    return sorted(powers, key=lambda one: (one.start, one.seconds)), powers


def _wh(reading: Reading, powers: dict[Reading, int]) -> Fraction:
    return Fraction(reading.value or 0) * Fraction(10) ** powers[reading]


def _lengths(readings: Sequence[Reading]) -> str:
    lengths = sorted({one.seconds for one in readings})
    if len(lengths) <= 3:
        return ", ".join(str(one) for one in lengths)
    return f"{lengths[0]} to {lengths[-1]}"


def _compare_with_published(measured: Measured, published_kwh: Fraction | None) -> None:
    published = (published_kwh or Fraction(0)) * 1000
    if measured.energy_in != published and measured.energy_in != published // 1:
        measured.differences.append(
            f"{wh_text(published)} Wh are published, and {wh_text(measured.energy_in)} Wh were read"
        )


def _bill(
    measured: Measured,
    file: ReadingFile,
    readings: Sequence[Reading],
    powers: dict[Reading, int],
    utility: Utility,
    number: int,
) -> None:
    zone = utility.view.time_zone
    windows = windows_of(readings, zone)
    service_of = _start(file, readings, windows, utility, number)
    try:
        receive_readings(
            file=file,
            store=utility.store,
            lake=utility.lake,
            utility=utility.view.name,
            zone_name=zone,
            learned_at=utility.known_at,
        )
    except Refusal as refusal:
        measured.sentences.append(refusal.sentence)
        measured.held = measured.energy_in
        return
    held_windows: list[DaySpan] = []
    for window in windows:
        bill = _bill_of(measured, service_of[window], window, utility)
        exact = sum((_wh(one, powers) for one in inside(readings, window, zone)), Fraction(0))
        if bill is None:
            held_windows.append(window)
            continue
        measured.billed_wh += bill.usage.energy_wh
        measured.below_a_watt_hour += exact - exact // 1
        if bill.usage.energy_wh != exact // 1:
            measured.differences.append(
                f"{window}: {wh_text(exact)} Wh came in and {bill.usage.energy_wh} Wh are billed"
            )
    measured.windows_billed = len(windows) - len(held_windows)
    measured.windows_held = len(held_windows)
    touched = [one for window in held_windows for one in touching(readings, window, zone)]
    measured.held = sum((_wh(one, powers) for one in set(touched)), Fraction(0))
    in_windows = {one for window in windows for one in touching(readings, window, zone)}
    measured.outside = sum(
        (_wh(one, powers) for one in readings if one not in in_windows), Fraction(0)
    )
    if measured.difference != 0:
        measured.differences.append(f"{wh_text(measured.difference)} Wh are unaccounted for")
    if not windows:
        measured.sentences.append("It holds no whole local day of this place.")


def _bill_of(
    measured: Measured, service: BillableService, window: DaySpan, utility: Utility
) -> Bill | None:
    """The window's bill on the recorded option; None if it is held. The others are tried too."""
    recorded: Bill | None = None
    options = [one for one in utility.view.schedule_codes() if one.startswith(OF_HOMES)]
    for code in sorted(options, key=lambda one: one != RECORDED):
        asked = replace(service, agreement=replace(service.agreement, schedule=code))
        due = due_bill(asked, window_of(asked, window, utility.view), utility.view)
        bills, held = calculate_bills(
            [due],
            on=window.until_day,
            known_at=utility.known_at,
            sequence=utility.store.lake_sequence(),
            lake=utility.lake,
            kept=utility.store,
            view=utility.view,
        )
        billed_before, held_before = measured.options.get(code, (0, 0))
        measured.options[code] = (billed_before + len(bills), held_before + len(held))
        for bill in bills:
            _check_lines(measured, bill)
        if code == RECORDED:
            recorded = bills[0] if bills else None
            measured.sentences += [one.sentence for one in held]
        elif recorded is not None and held:
            measured.option_sentences.setdefault(code, held[0].sentence)
    if recorded is not None:
        _record_and_replay(measured, recorded, utility)
    return recorded


def _check_lines(measured: Measured, bill: Bill) -> None:
    """The energy that base lines price is the energy of the bill."""
    priced = sum(
        whole_from_decimal_text(line.quantity, decimals=3) or 0
        for line in bill.lines
        if line.group is ChargeGroup.BASE and line.unit == "kWh"
    )
    if priced != bill.usage.energy_wh:
        measured.differences.append(
            f"{bill.days} on {bill.schedule}: lines price {priced} Wh of {bill.usage.energy_wh} Wh"
        )


def _record_and_replay(measured: Measured, bill: Bill, utility: Utility) -> None:
    entry = entry_for_bill(bill, learned_at=utility.known_at)
    if utility.store.record_bills([(bill, entry)]) != {bill.bill_id}:
        measured.differences.append(f"{bill.bill_id} was not recorded")
        return
    again = replay_bill(
        bill_id=bill.bill_id, store=utility.store, lake=utility.lake, book=utility.book
    )
    if not again.same_bytes:
        measured.differences.append(f"{bill.bill_id}: replay gives other bytes")


def _start(
    file: ReadingFile,
    readings: Sequence[Reading],
    windows: Sequence[DaySpan],
    utility: Utility,
    number: int,
) -> dict[DaySpan, BillableService]:
    """Service at the meter, an agreement for each window, so that a held one stops no other."""
    learned_at = utility.known_at
    account, point = with_check_digit(f"{100_000_000 + number}"), f"SP{number}"
    meter = file.channels[0].channel.meter_id
    begins = datetime.fromtimestamp(readings[0].start, UTC)
    first = local_day_of(begins, utility.view.time_zone) - timedelta(days=2)
    always = Validity(first)
    agreements = [
        Agreement(
            f"{account}-{window.from_day:%Y%m%d}",
            account,
            point,
            RECORDED,
            Validity(window.from_day, window.until_day),
            learned_at,
        )
        for window in windows or [DaySpan(first, first + timedelta(days=1))]
    ]
    base = ServiceStart(
        persons=(Person(f"P{number}", "Nobody", learned_at),),
        account=Account(account, 1, first, learned_at),
        holders=(AccountHolder(account, f"P{number}", always, learned_at),),
        premise=Premise(f"PR{number}", "1 Elm Street", "Millbrook", "MO", "63999", learned_at),
        tax_place=TaxPlace(f"PR{number}", "none", always, learned_at),
        service_point=ServicePoint(point, f"PR{number}", learned_at),
        installation=MeterInstallation(point, meter, 1, always, learned_at),
        agreement=agreements[0],
    )
    others = [ServiceStart((), None, (), None, None, None, None, one) for one in agreements[1:]]
    utility.store.start_services([base, *others])
    services = utility.store.services_of_account(account, learned_at)
    return {
        DaySpan(one.agreement.days.from_day, one.agreement.days.until_day): one
        for one in services
        if one.agreement.days.until_day is not None
    }
