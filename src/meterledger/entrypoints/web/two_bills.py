"""Two bills of an account beside each other: why they differ, to the cent, and charge by charge.

Lives here      the page, its rows and sentences: what ``meterledger why BILL --versus BILL`` tells.
Lives elsewhere the split and the explanation (``usecases.explain_bill``), a bill's own page
                (``bills``) and what it tells of the bill before (``before``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.bills import CitationRow
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.web.words import kwh_words
from meterledger.entrypoints.wiring import System
from meterledger.facts.bills import read_record
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.explain_bill import WeatherKnown, explain_bill
from meterledger.usecases.ports import StoredBill


@dataclass(frozen=True, slots=True)
class CauseRow:
    """Why the bills differ, by how much, and what the bills say of it (empty: nothing more)."""

    words: str
    cents: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A clause of a charge; ``bill`` says of which of the two, empty where both have it."""

    row: CitationRow
    bill: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge on both bills; None where a bill has it not."""

    label: str
    before_cents: int | None
    after_cents: int | None
    clauses: tuple[ClauseRow, ...]

    @property
    def difference_cents(self) -> int:
        """What it is more on the later bill."""
        return (self.after_cents or 0) - (self.before_cents or 0)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two records, and what was told of their difference."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    versus: Mapping[str, Any]


def _accounts_of(request: HttpRequest, system: System, bill_id: str, versus: str) -> list[str]:
    """Whose bills they are, for the log of looks."""
    return [system.store.bill(one).account_id for one in (bill_id, versus)]


@personal(
    "compare two bills", subjects=lambda bill_id, versus: [bill_id, versus], accounts=_accounts_of
)
def two_bills_page(request: HttpRequest, system: System, bill_id: str, versus: str) -> HttpResponse:
    """The difference to another bill of the account by cause, and once more by charge."""
    answer = explain_bill(
        bill_id=bill_id,
        store=system.store,
        versus=versus,
        weather=WeatherKnown(system.view, system.now),
    )
    bill, other = system.store.bill(bill_id), system.store.bill(versus)
    pair = _Pair(read_record(other.record), read_record(bill.record), answer["versus"])
    context = {
        "bill": bill,
        "other": other,
        "difference_cents": cents_from_text(pair.versus["total_usd"], where=bill_id),
        "causes": [_cause(part, pair) for part in pair.versus["parts"]],
        "weather": pair.versus["weather"]["why"],
        "charges": _charges(pair, bill, other, system),
    }
    return render(request, "web/two_bills.html", context)


# ------------------------------------------------------------------------------------- causes


def _cause(part: Mapping[str, Any], pair: _Pair) -> CauseRow:
    cents = cents_from_text(part["usd"], where=pair.after["bill"])
    sentence = SENTENCES.get(part["cause"])
    return CauseRow(part["cause"], cents, "" if sentence is None else sentence(pair))


def _day_count(record: Mapping[str, Any]) -> int:
    return (date.fromisoformat(record["to"]) - date.fromisoformat(record["from"])).days


def _days(pair: _Pair) -> str:
    count = _day_count(pair.after)
    days = "1 day" if count == 1 else f"{count} days"
    return f"{days}; {_day_count(pair.before)} on the other bill."


def _daily(record: Mapping[str, Any]) -> str:
    return kwh_words(to_whole_half_up(Fraction(record["usage"]["energy_wh"], _day_count(record))))


def _use(pair: _Pair) -> str:
    return f"{_daily(pair.after)} kWh a day; {_daily(pair.before)} on the other bill."


def _weather(pair: _Pair) -> str:
    told = pair.versus["weather"]
    if told["kwh"] is None:
        return ""
    more = "less" if told["kwh"].startswith("-") else "more"
    return (
        f"It made this bill {told['kwh'].removeprefix('-')} kWh {more}, by the temperatures at "
        f"{told['station']} and how this home answers to them."
    )


def _estimate(pair: _Pair) -> str:
    there, here = pair.versus["estimated_kwh"]
    return (
        f"{here} kWh of this bill and {there} kWh of the other are estimates: whether they were "
        "used is not known."
    )


def _option(pair: _Pair) -> str:
    return (
        f"{pair.after['schedule']}; {pair.before['schedule']} on the other bill: other prices for "
        "other hours."
    )


SENTENCES: Mapping[str, Callable[[_Pair], str]] = {
    "days": _days,
    "weather": _weather,
    "use": _use,
    "estimate": _estimate,
    "seasons, hours and blocks": lambda _: (
        "Energy costs otherwise by the season, the hours and the blocks that it falls into."
    ),
    "prices": lambda _: "What the sheets ask for a kWh, or for a month, is another price.",
    "riders": lambda _: "What the riders ask for a kWh is another price.",
    "demand": lambda _: "What was used at the most at once, and what is asked for it.",
    "rate option": _option,
    "programme": lambda _: "What a programme adds or credits.",
    "fees, credits and minimums": lambda _: "Amounts that are no quantity times a price.",
    "tax": lambda _: "What the taxes ask on charges that differ.",
}
"""What stands beside each cause of a difference; causes of a correction speak for themselves."""


# ------------------------------------------------------------------------------------ charges


def _charges(pair: _Pair, bill: StoredBill, other: StoredBill, system: System) -> list[ChargeRow]:
    """Every charge of either bill, in the order of the later one."""
    after, before = _by_code(pair.after), _by_code(pair.before)
    rows = []
    for code in after | before:
        here, there = after.get(code, []), before.get(code, [])
        rows.append(
            ChargeRow(
                label=(here or there)[0]["label"],
                before_cents=_sum(there, pair.before["bill"]),
                after_cents=_sum(here, pair.after["bill"]),
                clauses=_clauses(_cited(here), bill, _cited(there), other, system),
            )
        )
    return rows


def _by_code(record: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in record["lines"]:
        found.setdefault(line["code"], []).append(line)
    return found


def _sum(lines: list[dict[str, Any]], bill_id: str) -> int | None:
    return sum(cents_from_text(one["usd"], where=bill_id) for one in lines) if lines else None


def _cited(lines: list[dict[str, Any]]) -> dict[Citation, None]:
    return {Citation.from_json(one): None for line in lines for one in line["citations"]}


def _clauses(
    here: dict[Citation, None],
    bill: StoredBill,
    there: dict[Citation, None],
    other: StoredBill,
    system: System,
) -> tuple[ClauseRow, ...]:
    """Each clause once, as its bill's book was known; said of which bill, where of one alone."""
    found = []
    for citation in here | there:
        of, words = (bill, "this bill") if citation in here else (other, "the other bill")
        known = of.known_at.date()
        view = as_pinned(system.book, known, of.book_sha256)
        address = citation_address(view, citation, known=known)
        both = citation in here and citation in there
        alone = "" if both or not (here and there) else words
        found.append(ClauseRow(CitationRow(citation, address), alone))
    return tuple(found)
