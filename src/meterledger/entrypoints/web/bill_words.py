"""A bill as a person reads it: the same words and figures on the page and on paper.

Lives here      turning a statement into text. Pure: no clock, no store. Amounts are copied from
                the statement, never computed a second time.
Lives elsewhere what stands beside the charges (``statement_words``), drawing (``templates``,
                ``documents``), the statement (``usecases/make_statement``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.billing import ADJUSTMENT
from meterledger.entrypoints.web.chart import Chart, chart_of
from meterledger.entrypoints.web.statement_words import (
    Comparison,
    MoneyRow,
    ReadRow,
    balance_rows,
    comparison,
    contact_sentences,
    estimate_words,
    interval_words,
    method_words,
    period_rows,
    read_rows,
    scan_line,
    short_balance_rows,
)
from meterledger.entrypoints.web.words import (
    day_count_words,
    day_words,
    dollars,
    kwh_words,
    list_words,
    number_words,
    percent_words,
    period_words,
    short_span_words,
    span_words,
)
from meterledger.facts.bills import BillKind
from meterledger.facts.statements import StatedLine, Statement
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing

GROUP_TITLES = {
    "base": "Service and energy",
    "rider": "Adjustments for fuel, efficiency and renewables",
    "": "Other charges and credits",
    "tax": "Taxes",
}
"""Titles in the order of the bill; lines of a group without one stand under the empty name."""

KIND_WORDS = {
    BillKind.INITIAL.value: "first bill of this service",
    BillKind.FINAL.value: "final bill of this service",
    BillKind.CORRECTED.value: "corrected bill",
}
"""What a bill is called that is not one of the many between."""

NOTICE_TITLES = {
    Standing.ASSUMED: "This bill uses assumed values",
    Standing.SECOND_HAND: "This bill uses values from secondary sources",
    Standing.CARRIED_FORWARD: "This bill uses values carried forward",
}

NOTICE_WORDS = {
    Standing.ASSUMED: "Assumed by us so that the system runs, no source is known",
    Standing.SECOND_HAND: "Taken from a published secondary source, not from the filed sheet",
    Standing.CARRIED_FORWARD: "The last filed text, carried forward past its end",
}

HOW_ROUNDED = "Every line is rounded once; the total is the sum of the lines."

UNITS_OF_MANY = {
    "day": "days",
    "month": "months",
    "unit-month": "unit-months",
    "block": "blocks",
    "bill": "bills",
}
"""What is counted, where it is not one; a line's record has the singular."""

MANY_METERS = 3
"""So many numbers of meters fit the head of a page."""


@dataclass(frozen=True, slots=True)
class LineWords:
    """One charge line for reading; ``record`` keeps everything else."""

    label: str
    note: str
    quantity: str
    price: str
    amount: str
    standing: Standing
    from_day: date
    arithmetic: str
    citations: tuple[Citation, ...]
    inputs: tuple[tuple[str, str], ...]
    series: str
    """The price or rate series of the tariff book; empty where the record names none."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of one part of the bill, under its title."""

    title: str
    lines: tuple[LineWords, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader is told when not every value was read in a filed sheet."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EstimateNotice:
    """What an estimated bill says plainly (GRR V.E.1): how much, how, and by which clauses."""

    title: str
    sentence: str
    methods: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class BillWords:
    """A whole bill for reading."""

    bill_id: str
    account_id: str
    utility: str
    holders: tuple[str, ...]
    address_lines: tuple[str, ...]
    schedule: str
    schedule_name: str
    meters: str
    days: DaySpan
    span: str
    kind: str
    """That it is the first, the final or a corrected bill; empty where it is one of many."""
    issued_day: date
    due_day: date
    cancelled: bool
    """Nothing is to be paid on it: its page and its paper say so."""
    asked_on: str
    """The bill of the same day that asks for what this one would; or empty."""
    combination: str
    """The combination whose statement asks for the bill, with a due day of its own; or empty."""
    charges: str
    asked_title: str
    asked: str
    asked_cents: int
    autopay: str
    """That what is due is drawn from a bank account; empty where it is not."""
    balance: tuple[MoneyRow, ...]
    balance_short: tuple[MoneyRow, ...]
    """The same rows for where there is little room: what happened since the last bill as one."""
    marks: tuple[str, ...]
    late: tuple[str, ...]
    """Those of the marks that say what follows from sending it late."""
    estimate: EstimateNotice | None
    notice: Notice | None
    groups: tuple[LineGroup, ...]
    chart: Chart
    use_sentence: str
    comparison: Comparison
    interval_sentence: str
    periods: tuple[tuple[str, str], ...]
    reads: tuple[ReadRow, ...]
    messages: tuple[str, ...]
    contact: tuple[str, ...]
    phone: str
    pay_to: tuple[str, ...]
    scan_line: str
    reasons: tuple[tuple[str, tuple[Citation, ...]], ...]
    """Each finding once, as a sentence, with every clause it stands on."""


def bill_words(statement: Statement) -> BillWords:
    """The statement in words."""
    estimate, contact = statement.usage.estimate, statement.contact
    return BillWords(
        bill_id=statement.bill_id,
        account_id=statement.account_id,
        utility=statement.utility,
        holders=statement.holders,
        address_lines=(
            statement.address,
            f"{statement.city}, {statement.state} {statement.postal_code}",
        ),
        schedule=statement.schedule,
        schedule_name=statement.schedule_name,
        meters=_meters(statement),
        days=statement.days,
        span=span_words(statement.days),
        kind=KIND_WORDS.get(statement.kind, ""),
        issued_day=statement.issued_day,
        due_day=statement.due_day,
        cancelled=statement.is_cancelled,
        asked_on=statement.asked_on if statement.asked_cents > statement.to_pay_cents else "",
        combination=statement.combination,
        charges=usd_display(statement.charges_cents),
        asked_title=_asked_title(statement),
        asked=usd_display(abs(statement.to_pay_cents)),
        asked_cents=statement.to_pay_cents,
        autopay=_autopay(statement),
        balance=balance_rows(statement),
        balance_short=short_balance_rows(statement),
        marks=tuple(one.sentence for one in statement.marks),
        late=tuple(one.sentence for one in statement.marks if one.kind == "late"),
        estimate=EstimateNotice(
            "This bill is based on estimated usage",
            estimate_words(statement, estimate),
            method_words(estimate),
            estimate.citations,
        )
        if estimate
        else None,
        notice=_notice(statement.lines),
        groups=_groups(statement),
        chart=chart_of(statement.days, statement.usage.record),
        use_sentence=_use(statement),
        comparison=comparison(statement),
        interval_sentence=interval_words(statement),
        periods=period_rows(statement),
        reads=read_rows(statement),
        messages=statement.messages,
        contact=contact_sentences(contact) if contact else (),
        phone=contact.utility_phone if contact else "",
        pay_to=contact.payment_address if contact else (),
        scan_line=scan_line(statement.account_id, statement.to_pay_cents),
        reasons=_reasons(statement.reasons),
    )


def _meters(statement: Statement) -> str:
    """Their numbers; of many on one bill how many there are: each is told with its energy."""
    if "points" in statement.usage.record and len(statement.meter_ids) > MANY_METERS:
        return f"{len(statement.meter_ids)} meters, listed with their energy"
    if "loads" in statement.usage.record:
        return "none: its energy is calculated"
    return ", ".join(statement.meter_ids)


def _asked_title(statement: Statement) -> str:
    asked_cents = statement.asked_cents
    if statement.combination and asked_cents > 0:
        return f"Nothing to pay here: combined statement {statement.combination} asks for it"
    if asked_cents > statement.to_pay_cents:
        return f"Nothing to pay here: bill {statement.asked_on} of the same day asks for all"
    if asked_cents > 0:
        return f"Please pay by {day_words(statement.due_day)}"
    return "Nothing to pay: your credit stands at" if asked_cents < 0 else "Nothing to pay"


def _autopay(statement: Statement) -> str:
    """What a customer whose bills are drawn has to know before the day (autopay)."""
    if not statement.is_drawn:
        return ""
    return (
        f"There is nothing to send: what is due is drawn from your bank account on "
        f"{day_words(statement.due_day)}. Where we do not draw it as it stands, we ask you before."
    )


def _groups(statement: Statement) -> tuple[LineGroup, ...]:
    found: dict[str, list[LineWords]] = {group: [] for group in GROUP_TITLES}
    for line in statement.lines:
        group = line.group if line.group in found else ""
        found[group].append(_line(line, statement.days))
    return tuple(
        LineGroup(GROUP_TITLES[group], tuple(lines)) for group, lines in found.items() if lines
    )


def _line(line: StatedLine, days: DaySpan) -> LineWords:
    inputs = dict(line.inputs)
    part = line.days
    notes = [] if part == days else [f"{short_span_words(part)}, {day_count_words(part)}"]
    if line.unit == ADJUSTMENT:  # an amount and no quantity times a price
        quantity = price = ""
    elif line.unit == "USD" and line.group != "tax":  # a share of other charges
        quantity = dollars(line.quantity)
        price = f"× {line.price_usd}" if line.price_usd else ""
    elif line.group == "tax":
        quantity = dollars(line.quantity)
        price = f"× {line.price_usd}"
        notes += _tax_notes(inputs)
    else:
        unit = line.unit if line.quantity == "1" else UNITS_OF_MANY.get(line.unit, line.unit)
        quantity = f"{number_words(line.quantity)} {unit}"
        price = dollars(line.price_usd) if line.price_usd else ""
    return LineWords(
        label=line.label,
        note="; ".join(notes),
        quantity=quantity,
        price=price,
        amount=dollars(usd_text(line.cents)),
        standing=line.standing,
        from_day=part.from_day,
        arithmetic=line.arithmetic,
        citations=line.citations,
        inputs=tuple(
            (name, period_words(text) if name == "period" else text)
            for name, text in inputs.items()
            if name not in {"price_series", "rate_series"}
        ),
        series=inputs.get("price_series") or inputs.get("rate_series") or "",
    )


def _tax_notes(inputs: dict[str, str]) -> list[str]:
    """What the tax is asked on, and what a certificate takes out of it."""
    notes = []
    if "rate" in inputs:
        on = "receipts, this tax included" if "gross_up" in inputs else "the charges"
        notes.append(f"{percent_words(inputs['rate'])} of {on}")
    if "exempt_usd" in inputs:
        exempt = "nothing" if inputs["exempt_usd"] == "0.00" else dollars(inputs["exempt_usd"])
        notes.append(f"{exempt} exempt by certificate {inputs['certificate']}")
    return notes


def _notice(lines: Sequence[StatedLine]) -> Notice | None:
    """Which lines stand on less than a filed sheet, weakest first; None when all are filed."""
    labels: dict[Standing, list[str]] = {}
    for line in lines:
        named = labels.setdefault(line.standing, [])
        if line.label not in named:
            named.append(line.label)
    labels.pop(Standing.FILED, None)
    ordered = sorted(labels.items(), key=lambda item: -item[0].weakness)
    if not ordered:
        return None
    sentences = [f"{NOTICE_WORDS[standing]}: {list_words(named)}." for standing, named in ordered]
    return Notice(NOTICE_TITLES[ordered[0][0]], tuple(sentences))


def _reasons(
    reasons: Sequence[tuple[str, Citation]],
) -> tuple[tuple[str, tuple[Citation, ...]], ...]:
    found: dict[str, list[Citation]] = {}
    for finding, citation in reasons:
        found.setdefault(finding[:1].upper() + finding[1:], []).append(citation)
    return tuple((sentence, tuple(citations)) for sentence, citations in found.items())


def _use(statement: Statement) -> str:
    energy_wh, days = statement.usage.energy_wh, statement.days
    average = to_whole_half_up(Fraction(energy_wh, days.day_count))
    received_wh = statement.usage.received_wh
    if received_wh is not None:
        return (
            f"You took {kwh_words(energy_wh)} kWh from our lines in {day_count_words(days)}, about "
            f"{kwh_words(average)} kWh a day, and gave back {kwh_words(received_wh)} kWh: what "
            "you took is billed less what you gave."
        )
    return (
        f"You used {kwh_words(energy_wh)} kWh in {day_count_words(days)}, "
        f"about {kwh_words(average)} kWh a day."
    )
