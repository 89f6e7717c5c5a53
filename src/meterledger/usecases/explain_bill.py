"""Explain: every line of a bill to its inputs and clause; two bills compared to the cent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Protocol

from meterledger.billing import (
    FEWEST_DAYS,
    degree_day_base_f,
    split_difference,
    weather_station,
    weather_wh,
)
from meterledger.facts.bills import read_record
from meterledger.facts.corrections import Correction
from meterledger.facts.places import BillableService
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.ours import whole_of_ours
from meterledger.rulebook.pinned import as_pinned
from meterledger.rulebook.terms import Terms
from meterledger.usecases.estimate_records import RecordStore, records_of
from meterledger.usecases.estimated_by_hand import IN_RECORD, HandLog, rungs_of, with_rungs
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.relief_ports import ReliefReads
from meterledger.usecases.relief_statement import relief_json


class NotTheSameAccount(Refusal):
    """Bills of two accounts are not compared: one customer's bill is not told to another."""


class ExplainStore(HandLog, RecordStore, ReliefReads, Protocol):
    """What this journey needs of the store."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined, as known then."""

    def correction_of(self, bill_id: str) -> Correction | None:
        """The correction that made this bill; None where it corrects none."""

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Mean temperatures of the days that are known, in tenths of a degree Fahrenheit."""


@dataclass(frozen=True, slots=True)
class WeatherKnown:
    """By what weather two bills are compared: the book, and the instant as known at."""

    view: BookView
    known_at: datetime


def explain_bill(
    *,
    bill_id: str,
    store: ExplainStore,
    versus: str | None = None,
    weather: WeatherKnown | None = None,
    book: TariffBook | None = None,
) -> dict[str, Any]:
    """The shape of ``why --json`` (DESIGN.md section 6).

    With ``versus``, the difference to that earlier bill by cause, and once more by charge: either
    way the parts sum to the difference of the totals exactly. Against the bill that it corrects
    the causes are those of the correction. With ``weather`` what it explains of the use stands
    apart, where temperatures of all days are known. With ``book`` the reasons say by which rung a
    person estimated, as it was known when the bill was made; the record does not. So it is with
    what is on record of an estimate (``estimate_records``), which other bills do not have.

    :raises NotFound: if either bill does not exist
    :raises NotTheSameAccount: if they are of two accounts
    """
    stored = store.bill(bill_id)
    record = read_record(stored.record)
    view = None if book is None else as_pinned(book, stored.known_at.date(), stored.book_sha256)
    if view is not None and IN_RECORD in stored.record:
        service = store.service_of_agreement(stored.agreement_id, stored.known_at)
        rungs = rungs_of(stored, service=service, view=view, store=store)
        record = with_rungs(record, rungs)
    answer: dict[str, Any] = {
        "bill": bill_id,
        "account": record["account"],
        "schedule": record["schedule"],
        "from": record["from"],
        "to": record["to"],
        "total_usd": record["total_usd"],
        "standing": record["standing"],
        "lines": record["lines"],
        "reasons": record["reasons"],
        "pins": record["pins"],
        "versus": None,
        **({"asked": record["asked"]} if "asked" in record else {}),
    }
    on_record = () if view is None else records_of(stored, store=store, view=view)
    if on_record:
        answer["estimate_records"] = [one.as_json() for one in on_record]
    relief = store.relief_of_bills([bill_id]).get(bill_id)
    if relief is not None:  # no part of the record
        answer["relief"] = relief_json(relief)
    if versus is not None:
        other = store.bill(versus)
        if other.account_id != stored.account_id:
            raise NotTheSameAccount(
                f"Bill {versus} is of another account",
                where=f"account {stored.account_id}",
                do="Name an earlier bill of this account, as `meterledger service show` lists them",
            )
        before = read_record(other.record)
        explained, told = _weather(before, record, store, weather)
        answer["versus"] = {**_difference(before, record, explained), "weather": told}
        correction = store.correction_of(bill_id) if stored.corrects == versus else None
        if correction is not None:
            answer["versus"]["parts"] = json.loads(correction.decision)["causes"]
    return answer


def _weather(
    before: dict[str, Any],
    after: dict[str, Any],
    store: ExplainStore,
    known: WeatherKnown | None,
) -> tuple[Fraction | None, dict[str, str | None]]:
    """Watt-hours that the weather explains, and how that is told."""

    def without(why: str) -> tuple[None, dict[str, str | None]]:
        return None, {"station": None, "kwh": None, "why": why}

    if known is None:
        return without("nobody asked for it")
    terms = Terms(known.view, date.fromisoformat(after["issued"]))
    station, base_f = weather_station(terms), degree_day_base_f(terms)
    if not station or base_f is None:
        return without("the book names no station or no base of degree days")
    daily = [_daily_wh(record) for record in (before, after)]
    if not all(daily):
        return without("use is not known day by day")
    temperatures: dict[date, int] = {}
    for record in (before, after):
        temperatures |= store.temperatures(station, _days_of(record), known.known_at)
    missing = [day for days in daily for day in days if day not in temperatures]
    if missing:
        return without(f"the temperature at {station} is not known on {min(missing)}")
    day = date.fromisoformat(after["issued"])
    fewest = whole_of_ours(known.view, "weather_of_use_days_min", day, FEWEST_DAYS)
    explained = weather_wh(daily[0], daily[1], temperatures, base_f=base_f, fewest_days=fewest)
    if explained is None:
        return without("the home's use does not follow the weather of these days")
    told = f"{to_whole_half_up(abs(explained)) // 1000:,}"
    return explained, {
        "station": station,
        "kwh": f"-{told}" if explained < 0 and told != "0" else told,
        "why": None,
    }


def _days_of(record: dict[str, Any]) -> DaySpan:
    return DaySpan(date.fromisoformat(record["from"]), date.fromisoformat(record["to"]))


def _daily_wh(record: dict[str, Any]) -> dict[date, int]:
    """Use by local day; empty where it is not known day by day."""
    values, days = record["usage"]["daily_wh"], list(_days_of(record).days())
    return dict(zip(days, map(int, values), strict=True)) if len(values) == len(days) else {}


def _difference(
    before: dict[str, Any], after: dict[str, Any], explained_wh: Fraction | None
) -> dict[str, Any]:
    parts: dict[str, int] = {}
    labels: dict[str, str] = {}
    for record, sign in ((before, -1), (after, 1)):
        for line in record["lines"]:
            cents = cents_from_text(line["usd"], where=record["bill"])
            parts[line["code"]] = parts.get(line["code"], 0) + sign * cents
            labels[line["code"]] = line["label"]
    return {
        "bill": before["bill"],
        "parts": [
            {"cause": part.cause.value, "usd": usd_text(part.cents)}
            for part in split_difference(before, after, weather_wh=explained_wh)
        ],
        "by_charge": [
            {"cause": labels[code], "code": code, "usd": usd_text(cents)}
            for code, cents in parts.items()
            if cents != 0
        ],
        "estimated_kwh": [_estimated_kwh(before), _estimated_kwh(after)],
        "total_usd": usd_text(sum(parts.values())),
    }


def _estimated_kwh(record: dict[str, Any]) -> str:
    """How much of a bill's energy is an estimate: a difference may be nothing but one."""
    estimated = record["usage"].get("estimated") or {}
    thousandths = int(estimated.get("energy_wh", 0))
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"
