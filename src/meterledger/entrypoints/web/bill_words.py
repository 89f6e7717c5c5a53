"""A bill's record as a person reads it: the same words and figures on the page and on paper.

Lives here      turning the stored record, and a few facts given beside it, into text. Pure: no
                clock, no store. Amounts are copied from the record, never computed a second time.
Lives elsewhere drawing (``templates``, ``pdf``), the calculation (``usecases/calculate``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from meterledger.entrypoints.web.chart import Chart, chart_of
from meterledger.entrypoints.web.words import (
    day_count_words,
    day_of,
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
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import cents_from_text, usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing

GROUP_TITLES = {
    "base": "Service and energy",
    "rider": "Adjustments for fuel, efficiency and renewables",
    "tax": "Taxes",
}

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


READ_WORDS = {
    "actual": "actual reading",
    "estimated": "estimated",
    "adjusted": "actual reading, moved to this day",
}
"""How a bill calls the basis of a register's figures."""
ESTIMATE_FINDINGS = "this bill is based on estimated usage"
"""How the reason begins that marks an estimated bill; the rungs follow it."""


@dataclass(frozen=True, slots=True)
class BillFacts:
    """What a bill's paper needs beside its record, as it was known when the bill was made."""

    utility: str
    holders: tuple[str, ...]
    address_lines: tuple[str, ...]
    schedule_name: str
    meter_id: str
    previous_balance_cents: int


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
    """What an estimated bill says plainly (GRR V.E.1): how much, and by which clauses."""

    title: str
    sentence: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class BillWords:
    """A whole bill for reading."""

    bill_id: str
    facts: BillFacts
    account_id: str
    schedule: str
    days: DaySpan
    span: str
    issued_day: date
    due_day: date
    charges: str
    previous_title: str
    previous: str
    amount_due_title: str
    amount_due: str
    amount_due_cents: int
    estimate: EstimateNotice | None
    notice: Notice | None
    groups: tuple[LineGroup, ...]
    chart: Chart
    use_sentence: str
    reasons: tuple[tuple[str, tuple[Citation, ...]], ...]
    """Each finding once, as a sentence, with every clause it stands on."""


def bill_words(record: dict[str, Any], facts: BillFacts) -> BillWords:
    """The bill of a record (``Bill.as_json``) with the facts beside it.

    :raises InvariantBroken: if the record's lines do not sum to its total
    """
    days = DaySpan(day_of(record, "from"), day_of(record, "to"))
    total_cents = cents_from_text(record["total_usd"], where=record["bill"])
    summed = sum(cents_from_text(line["usd"], where=record["bill"]) for line in record["lines"])
    ensure(summed == total_cents, f"the lines of {record['bill']} sum to its total")
    due_cents = facts.previous_balance_cents + total_cents
    due_day = day_of(record, "due")
    credit = facts.previous_balance_cents < 0
    return BillWords(
        bill_id=record["bill"],
        facts=facts,
        account_id=record["account"],
        schedule=record["schedule"],
        days=days,
        span=span_words(days),
        issued_day=day_of(record, "issued"),
        due_day=due_day,
        charges=usd_display(total_cents),
        previous_title="Credit from before" if credit else "Still owed from before",
        previous=usd_display(facts.previous_balance_cents),
        amount_due_title=(
            f"Please pay by {day_words(due_day)}"
            if due_cents > 0
            else "Nothing to pay: your credit stands at"
            if due_cents < 0
            else "Nothing to pay"
        ),
        amount_due=usd_display(abs(due_cents)),
        amount_due_cents=due_cents,
        estimate=_estimate(record),
        notice=_notice(record["lines"]),
        groups=tuple(
            LineGroup(title, lines)
            for group, title in GROUP_TITLES.items()
            if (
                lines := tuple(
                    _line(line, days) for line in record["lines"] if line["group"] == group
                )
            )
        ),
        chart=chart_of(days, record["usage"]),
        use_sentence=_use(record["usage"], days),
        reasons=_reasons(record["reasons"]),
    )


def _line(line: dict[str, Any], days: DaySpan) -> LineWords:
    part = DaySpan(day_of(line, "from"), day_of(line, "to"))
    inputs: dict[str, str] = line["inputs"]
    notes = [] if part == days else [f"{short_span_words(part)}, {day_count_words(part)}"]
    if line["group"] == "tax":
        quantity = dollars(line["quantity"])
        price = f"× {line['price_usd']}"
        if "rate" in inputs:
            notes.append(f"{percent_words(inputs['rate'])} of receipts, this tax included")
    else:
        quantity = f"{number_words(line['quantity'])} {line['unit']}"
        price = dollars(line["price_usd"]) if line["price_usd"] else ""
    return LineWords(
        label=line["label"],
        note="; ".join(notes),
        quantity=quantity,
        price=price,
        amount=dollars(line["usd"]),
        standing=Standing(line["standing"]),
        from_day=part.from_day,
        arithmetic=line["arithmetic"],
        citations=tuple(Citation.from_json(one) for one in line["citations"]),
        inputs=tuple(
            (name, period_words(text) if name == "period" else text)
            for name, text in inputs.items()
            if name not in {"price_series", "rate_series"}
        ),
        series=inputs.get("price_series") or inputs.get("rate_series") or "",
    )


def _estimate(record: dict[str, Any]) -> EstimateNotice | None:
    """The mark of an estimated bill; None where nothing of it was estimated.

    How it was estimated is told by its clauses: a former occupant's use may have gone into it, and
    is never shown (C-LADDER-FORMER-OCCUPANT).
    """
    usage = record["usage"]
    estimated = usage.get("estimated")
    if estimated is None:
        return None
    days = sum(one.get("day_count", 0) for one in estimated["by"])
    part = (
        f"The register was not read for {days} of {day_count_words(_window(record))}. Their use was"
        if days
        else f"No reading had arrived for {number_words(str(estimated['interval_count']))} of "
        f"{number_words(str(usage['interval_count']))} intervals. They were"
    )
    sentence = (
        f"{part} estimated: {kwh_words(estimated['energy_wh'])} kWh, {estimated['percent']} "
        "percent of the energy on this bill."
    )
    clauses = [
        Citation.from_json(one["citation"])
        for one in record["reasons"]
        if one["finding"].startswith(ESTIMATE_FINDINGS) or " estimated by " in one["finding"]
    ]
    title = "This bill is based on estimated usage"
    return EstimateNotice(title, sentence, tuple(dict.fromkeys(clauses)))


def _window(record: dict[str, Any]) -> DaySpan:
    return DaySpan(day_of(record, "from"), day_of(record, "to"))


def _notice(lines: list[dict[str, Any]]) -> Notice | None:
    """Which lines stand on less than a filed sheet, weakest first; None when all are filed."""
    labels: dict[Standing, list[str]] = {}
    for line in lines:
        standing = Standing(line["standing"])
        if standing is not Standing.FILED and line["label"] not in labels.setdefault(standing, []):
            labels[standing].append(line["label"])
    ordered = sorted(labels.items(), key=lambda item: -item[0].weakness)
    if not ordered:
        return None
    sentences = [f"{NOTICE_WORDS[standing]}: {list_words(named)}." for standing, named in ordered]
    return Notice(NOTICE_TITLES[ordered[0][0]], tuple(sentences))


def _reasons(reasons: list[dict[str, Any]]) -> tuple[tuple[str, tuple[Citation, ...]], ...]:
    found: dict[str, list[Citation]] = {}
    for reason in reasons:
        finding = reason["finding"]
        sentence = finding[:1].upper() + finding[1:]
        found.setdefault(sentence, []).append(Citation.from_json(reason["citation"]))
    return tuple((sentence, tuple(citations)) for sentence, citations in found.items())


def _use(usage: dict[str, Any], days: DaySpan) -> str:
    from fractions import Fraction

    average = to_whole_half_up(Fraction(usage["energy_wh"], days.day_count))
    used = (
        f"You used {kwh_words(usage['energy_wh'])} kWh in {day_count_words(days)}, "
        f"about {kwh_words(average)} kWh a day."
    )
    return " ".join([used, *_reads(usage.get("registers", []), days)])


def _reads(registers: list[dict[str, Any]], days: DaySpan) -> list[str]:
    """The opening and the closing read, of each meter where one was exchanged (GRR V.D)."""
    told = []
    for number, one in enumerate(registers):
        opened = f"on {day_words(days.from_day)}" if number == 0 else "when it came"
        last = number == len(registers) - 1
        closed = f"on {day_words(days.until_day)}" if last else "when it was exchanged"
        over = ", having passed its last figure" if one["rolled_over"] else ""
        times = f", times {one['multiplier']}" if one["multiplier"] != 1 else ""
        told.append(
            f"The {'meter' if number == 0 else 'new meter'} showed {one['opening']['figures']} "
            f"{one['unit']} {opened} ({READ_WORDS[one['opening']['basis']]}) and "
            f"{one['closing']['figures']} {closed} ({READ_WORDS[one['closing']['basis']]})"
            f"{over}{times}."
        )
    return told
