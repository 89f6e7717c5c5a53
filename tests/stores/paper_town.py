"""A town on paper: people, places, bills and payments to keep, numbered from 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from meterledger.facts.bills import Bill, BilledUsage, BillKind, BillPins, HeldBill
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.corrections import Correction, CorrectionCause, LeftDifference, Rebill
from meterledger.facts.events import EventCase, EventKind, MeterEvent
from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    PremiseLink,
    UnmeteredLoad,
    WorkKind,
)
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    QuarantinedLine,
    Reading,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.ids import bill_id, next_version, with_check_digit
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.standing import Standing
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.ports import ServiceStart, Viewer

FIRST_DAY = date(2025, 1, 1)
LEARNED = datetime(2025, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2025, 3, 1, 12, tzinfo=UTC)
CORRECTED_AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
ANALYST = Viewer("analyst", "a test")
CLAUSE = Citation("MO PSC 6", "Sheet 54", "9", "Anytime, energy", date(2025, 6, 1), "ER-2024-0319")
OTHER_CLAUSE = Citation("MO PSC 6", "Sheet 54", None, "Anytime, customer charge", date(2025, 6, 1))


def account_id(number: int) -> str:
    """The number-th account's id, with its check digit."""
    return with_check_digit(f"{400_000_000 + number}")


def agreement_of(number: int, from_day: date = FIRST_DAY) -> Agreement:
    """The number-th account's agreement at its own service point."""
    return Agreement(
        f"AG-{number}-{from_day:%Y%m%d}",
        account_id(number),
        f"SP-{number}",
        "1M-anytime",
        Validity(from_day),
        LEARNED,
    )


def start_of(number: int, *, cycle: int = 15, place: str = "university_city") -> ServiceStart:
    """Everything that starting the number-th service records."""
    days = Validity(FIRST_DAY)
    account = account_id(number)
    return ServiceStart(
        persons=(Person(f"person-{number}", f"Ana Rivera {number}", LEARNED),),
        account=Account(account, cycle, FIRST_DAY, LEARNED),
        holders=(AccountHolder(account, f"person-{number}", days, LEARNED),),
        premise=Premise(
            f"P-{number}", f"{number} Elm Street", "University City", "MO", "63130", LEARNED
        ),
        tax_place=TaxPlace(f"P-{number}", place, days, LEARNED),
        service_point=ServicePoint(f"SP-{number}", f"P-{number}", LEARNED),
        installation=MeterInstallation(f"SP-{number}", f"M-{number}", 1, days, LEARNED),
        agreement=agreement_of(number),
    )


def meter_changes() -> list[MeterChange]:
    """A meter at SP-2 set up and linked, a visit that said so, and a load without a meter."""
    days = Validity(FIRST_DAY)
    device = Meter("M-2", MeterKind.AMI, LEARNED)
    setup = MeterConfiguration("M-2", BilledOn.INTERVAL, 900, (), (), days, LEARNED)
    link = PremiseLink("M-2", "SP-2", LinkSource.BACK_OFFICE, 60, "a list", days, LEARNED)
    work = MeterWork(
        *("install:SP-2", WorkKind.INSTALL, "SP-2", None, "M-2", LEARNED, "new", (), (), LEARNED)
    )
    load = UnmeteredLoad("L-1", "SP-1", "Wi-Fi", 1, 40, ((0, 1440),), days, LEARNED)
    return [
        MeterChange("meter configured", "M-2", LEARNED, (), (setup, link), (device,), work),
        MeterChange("unmetered load", "SP-1", LEARNED, (), (load,)),
    ]


def event_of(
    meter: str = "M-1", kind: EventKind = EventKind.TAMPER, *, minute: int = 0, sequence: int = 1
) -> MeterEvent:
    """Something a meter reported on the first day, at so many minutes past noon."""
    at = LEARNED + timedelta(minutes=minute)
    return MeterEvent(meter, kind, at, "e" * 64, sequence, LATER, (("code", "7"),))


def case_of(*events: MeterEvent) -> EventCase:
    """A case that rests on those events."""
    return EventCase(
        kind=events[0].kind,
        meter_id=events[0].meter_id,
        evidence=tuple(one.event_id for one in events),
        opened_at=events[-1].at,
        queue="revenue protection",
        sentence="Look at it.",
        threshold="1 within 30 days",
        learned_at=LATER,
    )


def only_agreement(agreement: Agreement) -> ServiceStart:
    """A start of service at a place where all else is known."""
    return ServiceStart((), None, (), None, None, None, None, agreement)


def month_of(month: int) -> DaySpan:
    """The month-th service period of thirty days, from 0."""
    first = FIRST_DAY + timedelta(days=30 * month)
    return DaySpan(first, first + timedelta(days=30))


def bill_of(
    number: int, month: int = 0, *, cents: int = 16519, known_at: datetime = LATER
) -> tuple[Bill, Entry | None]:
    """The number-th account's bill of one month, of two lines, and its entry."""
    days = month_of(month)
    agreement = agreement_of(number)
    lines = (
        _line("customer_charge", "Customer charge", days, 900, OTHER_CLAUSE),
        _line("energy", "Energy, summer", days, cents - 900, CLAUSE),
    )
    bill = Bill(
        bill_id=bill_id(agreement.agreement_id, days.from_day, days.until_day),
        account_id=agreement.account_id,
        agreement_id=agreement.agreement_id,
        service_point_id=agreement.service_point_id,
        schedule=agreement.schedule,
        kind=BillKind.REGULAR,
        days=days,
        issued_day=days.until_day,
        due_day=days.until_day + timedelta(days=21),
        usage=BilledUsage("0123456789abcdef", 900, 2880, 30_000, (1_000,) * 30, "a" * 64),
        lines=lines,
        tax_place="university_city",
        pins=BillPins(known_at, 1, "b" * 64, "1", "2026.6"),
    )
    if cents == 0:
        return bill, None
    return bill, entry_of(
        f"bill:{bill.bill_id}", bill.issued_day, bill.account_id, cents, learned_at=known_at
    )


def rebill_of(number: int, month: int = 0, *, cents: int = 16519, version: int = 2) -> Rebill:
    """The number-th account's bill of one month, corrected to so many cents."""
    old, _ = bill_of(number, month)
    names = [old.bill_id]
    for _ in range(version - 1):
        names.append(next_version(names[-1]))
    was, now = names[-2], names[-1]
    made, entry = bill_of(number, month, cents=cents, known_at=CORRECTED_AT)
    bill = replace(made, bill_id=now, kind=BillKind.CORRECTED, corrects=was)
    before = 16519 if version == 2 else 20_000
    back = entry_of(f"reversal:bill:{was}", CORRECTED_AT.date(), bill.account_id, -before)
    return Rebill(
        correction=Correction(
            *(was, now, bill.account_id, f"case:{was}", CorrectionCause.READING),
            *("Ana", "a later reading", CORRECTED_AT, "{}"),
            ceiling_cents=50_000,
        ),
        bill=bill,
        entry=replace(entry, entry_id=f"bill:{now}") if entry else None,
        reversal=replace(back, reverses=f"bill:{was}"),
    )


def difference_left(number: int = 1) -> LeftDifference:
    """The number-th account's first bill, left as it is."""
    return LeftDifference(
        *(bill_of(number)[0].bill_id, account_id(number), "c" * 64, 12),
        *("Ana", "it is small", CORRECTED_AT),
    )


def _line(code: str, label: str, days: DaySpan, cents: int, clause: Citation) -> ChargeLine:
    return ChargeLine(
        code=code,
        label=label,
        group=ChargeGroup.BASE,
        days=days,
        quantity="1",
        unit="month",
        price_usd="9.00",
        cents=cents,
        standing=Standing.FILED,
        citations=(clause,),
        arithmetic="1 month at 9.00 is 9.00",
        inputs=(("months", "1"),),
    )


def entry_of(
    name: str, day: date, account: str, cents: int, *, learned_at: datetime = LATER
) -> Entry:
    """Cents of revenue onto an account's receivable."""
    return Entry(
        name, day, learned_at, (Leg("142", cents, account), Leg("440", -cents)), f"cause of {name}"
    )


def payment_of(
    number: int, key: str = "R-1", *, cents: int = 5_000, learned_at: datetime = LATER
) -> tuple[Payment, Entry]:
    """A cash payment of the number-th account, and its entry."""
    account = account_id(number)
    payment = Payment(key, account, cents, Tender.CASH, date(2025, 2, 20), learned_at)
    entry = Entry(
        f"payment:{key}",
        payment.received_day,
        learned_at,
        (Leg("131", cents), Leg("142", -cents, account)),
        f"cash payment {key}",
    )
    return payment, entry


def held_of(number: int, month: int = 0) -> HeldBill:
    """A bill that a gap holds."""
    agreement = agreement_of(number)
    return HeldBill(
        agreement.account_id, agreement.agreement_id, month_of(month), "usage.gap", "A gap."
    )


def interval_channel(meter: str = "M-1") -> ChannelReadings:
    """Two quarter-hours, one of them missing."""
    channel = Channel(
        meter, Commodity.ELECTRICITY, "kWh", ChannelKind.INTERVAL, Flow.DELIVERED, 900, -3
    )
    return ChannelReadings(
        channel,
        (
            Reading(1_735_711_200, 900, 250, Quality.VALID, 1),
            Reading(1_735_712_100, 900, None, Quality.MISSING, 2),
        ),
    )


def register_channel(meter: str = "M-1", *, value: int = 10**30) -> ChannelReadings:
    """One large register value and a missing one."""
    channel = replace(
        interval_channel(meter).channel, kind=ChannelKind.REGISTER, interval_seconds=None
    )
    return ChannelReadings(
        channel,
        (
            Reading(1_735_711_200, 0, value, Quality.VALID, 1),
            Reading(1_735_797_600, 0, None, Quality.MISSING, 2),
        ),
    )


UNUSABLE = QuarantinedLine(7, b"\x00\xff,12", "The time is not a time.")
