"""meterledger_verify.py FILE [--key HEX]: recompute a bill from a proof file, check who signed it.

It needs Python 3.11 and this file alone, and was written apart from the program that makes bills.
A file has readings, dated values each with its clause, and charges that say by which operations
quantity, price and amount follow. A bill holds if its lines are those that follow and no others, if
each cites the clauses of its values, and if no value stands there that nothing asked for. Exits 0
if it holds and is signed well, 1 if not, 2 if unreadable. Formats 1, 2: meterledger_verify_v1.py.
"""

from __future__ import annotations

import argparse
import calendar
import hashlib
import json
import math
import re
import runpy
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, compress, pairwise
from pathlib import Path
from time import process_time
from typing import Any

FORMAT = "meterledger-bill-proof/3"
BEFORE, OLD = ("meterledger-bill-proof/1", "meterledger-bill-proof/2"), "meterledger_verify_v1.py"
MOST_BYTES, MOST_DAYS, MANY, SECONDS, PARTS, BITS = 8_000_000, 4_000, 1_000_000, 60, 1_000, 2_048
CARRIED_OUT: tuple[str, ...] = ("applies", "pro_rata", "intervals, else days", "by_the_fifteenth")
CARRIED_OUT += ("calendar_year_of_the_period",)  # readings of clauses, known here
NUMBER = re.compile(r"\d{4}-\d\d-\d\d|-?\d+(?:[./]\d+)?")
PLAIN = re.compile(r"-?[0-9]{1,20}([./][0-9]{1,20})?")


class Unreadable(Exception):
    """The file is no proof file: what is wrong, in one sentence."""


class Disproved(Exception):
    """The bill does not follow from what stands in the file: what, in one sentence."""


def _demand(holds: bool, otherwise: str, kind: type[Exception] = Disproved) -> None:
    if not holds:
        raise kind(otherwise)


def read_proof(data: bytes) -> dict[str, Any]:
    """The file as an object. Numbers with a point are refused: every figure is whole or text."""
    _demand(len(data) <= MOST_BYTES, f"A proof has at most {MOST_BYTES} bytes.", Unreadable)
    try:
        hooks: Any = {"parse_float": int, "parse_constant": int, "object_pairs_hook": _once}
        proof = json.loads(data, parse_int=lambda n: n if n == "-0" else int(n), **hooks)
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"The file is no JSON that is read here: {problem}.") from problem
    if not isinstance(proof, dict) or proof.get("format") not in (FORMAT, *BEFORE):
        raise Unreadable(f"The file does not call itself {' or '.join((*BEFORE, FORMAT))}.")
    return proof


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _demand(len(dict(pairs)) == len(pairs), "a name stands twice in one object", ValueError)
    return dict(pairs)


def share(total: Fraction, weights: Sequence[Fraction]) -> list[Fraction]:
    """Thousandths that sum to the total: each ends at the floor of the running share."""
    if not sum(weights):
        return [Fraction(0)] * (len(weights) - 1) + [total]
    running = accumulate(weights, initial=Fraction(0))
    ends = [Fraction(math.floor(total * 1000 * until / sum(weights)), 1000) for until in running]
    return [end - begin for begin, end in pairwise(ends)]


def number(text: str) -> Fraction:
    """A number as people write it: no exponent, and not endless."""
    _demand(PLAIN.fullmatch(text) is not None, f"'{text[:40]}' is no plain number.")
    return Fraction(text)


def _half_up(exact: Fraction, parts: int) -> Fraction:
    return Fraction(math.floor(abs(exact) * parts + Fraction(1, 2)) * (-1) ** (exact < 0), parts)


ARITHMETIC: dict[str, Callable[[list[Fraction]], Any]] = {  # of kWh, kW and US dollars
    "sum": sum,
    "less": lambda of: of[0] - sum(of[1:]),
    "product": math.prod,
    "ratio": lambda of: of[0] / of[1],
    "most": max,
    "least": min,
    "down": lambda of: Fraction(math.floor(of[0] * 1000), 1000),
    "rounded": lambda of: _half_up(of[0], 1000),
    "cents": lambda of: _half_up(of[0], 100),
}


def days_of(begin: str, until: str) -> list[date]:
    """The days from one on and before the other."""
    first, end = date.fromisoformat(begin), date.fromisoformat(until)
    _demand((end - first).days < MOST_DAYS, f"From {begin} until {until} are too many days.")
    return [first + timedelta(number) for number in range((end - first).days)]


def months_after(day: str, count: Fraction | int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    begin = date.fromisoformat(day)
    year, month = divmod(begin.year * 12 + begin.month - 1 + int(count), 12)
    return date(year, month + 1, min(begin.day, calendar.monthrange(year, month + 1)[1]))


class Values:
    """The file's dated values ``[from, to, value, clause]``, and which day of which was asked."""

    def __init__(self, told: dict[str, list[list[Any]]]) -> None:
        self.told, self.clauses, left = told, set[str](), MANY
        self.place: dict[str, dict[date, int]] = {name: {} for name in told}
        self.asked: dict[str, set[date]] = {name: set() for name in told}
        for name, number, part in ((n, k, p) for n in told for k, p in enumerate(told[n])):
            days = dict.fromkeys(days_of(part[0], part[1]), number)
            left -= len(days)
            good = bool(days and part[3] and left > 0) and self.place[name].keys().isdisjoint(days)
            _demand(good, f"'{name}' has no day or too many, no clause or two values on one day.")
            self.place[name] |= days

    def on(self, name: str, days: Sequence[date], cites: bool = True) -> Any:
        """The one value that is in force on all the days; its clause has to stand on the line."""
        found = {self.place[name].get(day, -1) for day in days}
        _demand(len(found) == 1 and -1 not in found, f"'{name}' is not one value on {days[0]} on.")
        self.asked[name] |= set(days)
        _, _, value, clause = self.told[name][found.pop()]
        self.clauses |= {clause} if cites and not name.startswith("given:") else set()
        return value


class Reckoning:
    """The operations of a file: each is asked what it comes to on the days of a line."""

    def __init__(self, proof: dict[str, Any]) -> None:
        self.proof, self.values, self.bill = proof, Values(proof["values"]), proof["bill"]
        self.days, self.ends = days_of(self.bill["from"], self.bill["to"]), process_time() + SECONDS
        self.offsets, self.midnights, self.left = proof["utc_offsets"], list[int](), MANY
        for day in [*self.days, self.days[-1] + timedelta(1)]:
            utc = (day - date(1970, 1, 1)).days * 86_400
            found = [utc - ahead for _, ahead in self.offsets if self.ahead(utc - ahead) == ahead]
            self.midnights.append(found[0])
        _demand(self.offsets[0][0] == self.midnights[0], "The clock is not told from day 1 on.")
        self.seasons = {day: self.season(day) for day in self.days}
        self.known, self.replaced = dict[Any, list[str]](), dict[Any, Fraction]()
        self.figures, self.lines = set[Fraction | str](), list[tuple[str, list[date], int]]()
        flows = proof["readings"].items()
        self.flows = {flow: [self.by_day(self.readings(one)) for one in of] for flow, of in flows}

    def ahead(self, epoch: int) -> int | None:
        """How many seconds local time is ahead of UTC at an instant."""
        return next((by for since, by in reversed(self.offsets) if since <= epoch), None)

    def readings(self, place: dict[str, Any]) -> list[tuple[int, int, int]]:
        """Start, seconds and watt-hours of each reading of a place, held to its hash."""
        if "kwh" in place:
            begin, end = self.midnights[0], self.midnights[-1]
            return [(begin, end - begin, int(self.of(place["kwh"], self.days) * 1000))]
        found = []
        for meter in place["meters"]:
            at, each, energy, by = (meter[key] for key in ("start", "seconds", "wh", "multiplier"))
            _demand(type(by) is int, f"The multiplier {str(by)[:40]} is no whole number.")
            self.left -= len(energy)
            _demand(self.left > 0, "There are more readings than a bill has.", Unreadable)
            lengths = each if isinstance(each, list) else [each] * len(energy)
            for seconds, wh in zip(lengths, energy, strict=True):
                found.append((at, seconds, wh * by))
                at += seconds
        only = {"energy": 2, "intervals": 0}[place["hash_of"]]
        hashed = b"".join(n.to_bytes(8, "little", signed=True) for one in found for n in one[only:])
        good = place["sha256"] == hashlib.sha256(hashed).hexdigest()
        _demand(good, "The readings do not have the hash that the bill's record pins.")
        return found

    def by_day(self, readings: list[tuple[int, int, int]]) -> dict[date, list[Any]]:
        """Readings that tile the bill, cut and shared at midnights: from, until, Wh, if whole."""
        found: dict[date, list[Any]] = {day: [] for day in self.days}
        end, day = self.midnights[0], 0
        for number, (start, seconds, wh) in enumerate(readings):
            parts, at, end = [], start, end + seconds
            good = start == end - seconds < end <= self.midnights[-1]
            _demand(good, f"Reading {number} does not follow the last one, or leaves the bill.")
            while at < end:
                begin, over = self.midnights[day], self.midnights[day + 1]
                parts.append((day, at - begin, min(end, over) - begin, over - begin))
                day, at = day + (end >= over), min(end, over)
            of = [Fraction(until - since, length) for _, since, until, length in parts]
            each = [int(n * 1000) for n in share(Fraction(wh, 1000), of)] if len(of) > 1 else [wh]
            for (n, begin, until, _), part in zip(parts, each, strict=True):
                found[self.days[n]].append((begin, until, part, len(parts) == 1))
        _demand(end == self.midnights[-1], "The readings do not end with the bill's period.")
        return found

    def season(self, day: date, cites: bool = True) -> str:
        """The season of a day by its month, or by the number of the period that it is billed in."""
        last, read = self.days[-1] if day >= self.days[0] else day, self.proof.get("reading_day")
        _demand(read in (None, *range(1, 29)), f"No cycle is read on day {str(read)[:40]}.")
        at = months_after(f"{last:%Y-%m}-15", (last.day >= read) - (read <= 15)) if read else day
        decides, own = (self.values.on("seasons", [one], cites) for one in (at, day))
        return str(decides.get(f"period {at.month}") or {**decides, **own}[str(day.month)])

    def months(self) -> Fraction:
        """How many months the bill counts for: one, or days over those of a normal month."""
        names, last = self.proof["proration"], self.days[-1:]
        least, most, *normal = (number(self.values.on(n, last, n in names[2:])) for n in names)
        return Fraction(1) if least <= len(self.days) <= most else len(self.days) / normal[0]

    def stretches(self, told: dict[str, Any]) -> list[list[date]]:
        """Runs of days of a season on which no value changes that something is cut with."""
        found, before, season = list[list[date]](), object(), told.get("season")
        for day in self.days:
            now: list[Any] = [self.values.place[n].get(day) for n in told.get("cut_with", ())]
            now.append(season == "each" and self.seasons[day])
            if inside := season in (None, "each", self.seasons[day]):
                found += [] if now == before else [[]]
                found[-1].append(day)
            before = now if inside else object()
        return found

    def periods(self, hours: str, day: date) -> list[str]:
        """For every minute that goes by on a day, the period of a calendar that it lies in."""
        told = self.values.on(hours, [day])
        holidays = self.values.on(told["holidays"], [day]) if told["holidays"] else []
        if (hours, day) not in self.known:
            kind = "rest_day" if day.isoweekday() >= 6 or str(day) in holidays else "working_day"
            season = told["by_season"][self.seasons[day]]
            windows = season[kind if told["holidays"] else "every_day"]
            edges, begins = [0, *(end for _, end, _ in windows)], [b for b, _, _ in windows]
            good = f"{sorted(edges)}" == f"{[*begins, 1440]}" and len(self.known) < MOST_DAYS
            _demand(good, f"'{hours}' does not fill {day}.")
            of = [name for begin, end, name in windows for _ in range(begin, end)]
            begin, end = self.midnights[(n := self.days.index(day))], self.midnights[n + 1]
            shown = [(at + (self.ahead(at) or 0)) % 86_400 // 60 for at in range(begin, end, 60)]
            self.known[hours, day] = [of[minute] for minute in shown]
        return self.known[hours, day]

    def of(self, told: Any, days: list[date]) -> Fraction:
        """What an operation comes to on some days. Each result may stand in a line's words."""
        if told == "months":
            found = self.months() * Fraction(len(days), len(self.days))
        elif isinstance(told, str):
            found = Fraction({"0": 0, "1": 1, "-1": -1, "days": len(days)}[told])
        else:
            ((operation, given),) = told.items()
            if operation in ARITHMETIC and len(given) <= PARTS:
                found = Fraction(ARITHMETIC[operation]([self.of(one, days) for one in given]))
            else:
                found = Fraction(getattr(self, f"of_{operation}")(given, days))
        size = (found.numerator * found.denominator).bit_length()
        _demand(size <= BITS and process_time() < self.ends, "It has no end.", Unreadable)
        self.figures.add(found)
        return found

    def given_day(self, name: str) -> date:
        """A day of the bill, ``first`` or ``last``, or one that is given."""
        known = {"first": self.days[0], "last": self.days[-1]}.get(name)
        return known or date.fromisoformat(self.values.on(name, self.days[-1:]))

    def of_value(self, name: str, days: list[date]) -> Fraction:
        """A value of ``NAME@DAY``, or one that is the same on all the days."""
        name, _, at = name.partition("@")
        return number(self.values.on(name, [self.given_day(at)] if at else days))

    def of_energy(self, told: dict[str, str], days: list[date]) -> Fraction:
        """The kWh of a flow: of all hours, or of one period of a calendar of hours."""
        period, found = told.get("period"), 0
        for place, day in ((place, day) for place in self.flows[told["flow"]] for day in days):
            periods = self.periods(told["hours"], day) if period else []
            for begin, until, wh, _ in place[day]:
                lies = {*periods[begin // 60 : -(-until // 60)]} or {"all"}
                _demand(len(lies) == 1, f"A reading of {day} lies in two periods of the day.")
                found += wh if period in (None, *lies) else 0
        return Fraction(found, 1000)

    def of_peak(self, told: dict[str, Any], days: list[date]) -> Fraction:
        """The kW of the window with most energy among those that count."""
        minutes, windows = told["minutes"], dict[tuple[date, int], int]()
        days = self.days if told["flow"] == "reactive" else days  # of the whole bill, always
        for place, day in ((place, day) for place in self.flows[told["flow"]] for day in days):
            counts = self.periods(told["hours"], day) if told["hours"] else ["counts"] * 1500
            for begin, until, wh, whole in place[day]:
                first, end = begin // 60 // minutes, -(-until // 60 // minutes)
                if "counts" in (counts[n * minutes] for n in range(first, end)):
                    _demand(whole and end - first == 1, f"A reading of {day} is in two windows.")
                    windows[day, first] = windows.get((day, first), 0) + wh
        return Fraction(max(0, *windows.values(), 0) * 60, minutes * 1000)

    def of_each_meter(self, told: Any, days: list[date]) -> Fraction:
        """The sum of an operation over the places of the bill's meters, each by itself."""
        places, found = self.flows["delivered"], Fraction(0)
        for place in places:
            self.flows["delivered"] = [place]
            found += self.of(told, days)
        self.flows["delivered"] = places
        return found

    def of_block(self, told: dict[str, Any], days: list[date]) -> Fraction:
        """Of energy in several periods what lies in one of them, and in one of the blocks."""
        left = [self.of(one, days) for one in told["of"]]
        before, total, blocks = Fraction(0), sum(left, Fraction(0)), list[list[Fraction]]()
        for end in [min(total, self.of(one, days)) for one in told["ends"]]:
            blocks.append(share(end - before, left))
            left = [one - taken for one, taken in zip(left, blocks[-1], strict=True)]
            before = end
        block, place = told["block"], told["place"]
        _demand({type(block), type(place)} == {int} and block > 0 <= place, "No block is told.")
        return Fraction([*blocks, left][block - 1][place])

    def of_lines(self, codes: list[str] | None, days: list[date]) -> Fraction:
        """US dollars of the lines above of these codes (None: of all), by the days they share."""
        of = [line[1:] for line in self.lines if codes is None or line[0] in codes]
        cents = (Fraction(each * len({*days} & {*on}), len(on)) for on, each in of)
        return sum(cents, Fraction(0)) / 100

    def of_parts(self, told: dict[str, Any], days: list[date]) -> Fraction:
        """The sum of an operation over the runs of the days on which nothing changes."""
        runs = [[day for day in run if day in days] for run in self.stretches(told)]
        return sum((self.of(told["of"], run) for run in runs if run), Fraction(0))

    def of_rise(self, told: Any, days: list[date]) -> Fraction:
        """What an operation comes to until the end of the days, less until they begin."""
        before = [day for day in self.days if day < days[0]]
        return self.of(told, before + days) - self.of(told, before)

    def of_hours(self, told: dict[str, str], days: list[date]) -> Fraction:
        """For how many hours of the days the clock is in a period of a calendar of hours."""
        return Fraction(sum(self.periods(told["of"], d).count(told["period"]) for d in days), 60)

    def of_before(self, told: dict[str, Any], days: list[date]) -> Fraction:
        """The highest kW of so many billing periods before, of those that end in a season."""
        known, count = self.values.on(told["of"], self.days[-1:]), self.of(told["count"], days)
        last = [date.fromisoformat(until) - timedelta(1) for until, _ in known["periods"]]
        good = sorted([*last, self.days[0]], reverse=True) == [self.days[0], *last]
        good = good and (len(last) >= count or known["begins_with_service"])
        _demand(good, f"'{told['of']}' does not tell {count} periods before, newest first.")
        of = [number(kw) for _, kw in known["periods"]]
        counts = [told["season"] in (None, self.season(day, cites=False)) for day in last]
        return max(compress(of[: int(count)], counts), default=Fraction(0))

    def of_alive(self, told: dict[str, Any], days: list[date]) -> Fraction:
        """The sum of what was granted, on a day each, and lives so many months from it on."""
        at, months = str(self.given_day(told["on"])), self.of(told["months"], days)
        granted = self.values.on(told["of"], self.days[-1:])
        self.figures |= {since for since, _ in granted}
        alive = [n for since, n in granted if since <= at < str(months_after(since, months))]
        return sum(map(number, alive), Fraction(0))

    def of_net(self, told: str, days: list[date]) -> Fraction:
        """The kWh billed where received energy is netted: of a period, of all, or the excess."""
        of, runs = self.proof["net"]["of"], self.stretches(self.proof["net"])
        clauses, none = set(self.values.clauses), Fraction(0)
        each = {(run[0], one): self.of(of[one], run) for run in runs for one in of}
        total = sum(each.values(), none)
        parts = share(max(total, none), [max(one, none) for one in each.values()])
        kwh = dict(zip(each, parts, strict=True))
        self.values.clauses = clauses
        if told in of and len(of) > 1:
            self.of(of[told], days)  # its clauses stand on the line
        mine = [n for (day, one), n in kwh.items() if day in days and told in ("all", one)]
        return max(-total, none) if told == "excess" else sum(mine, none)

    def replace(self, told: dict[str, Any]) -> None:
        """Solar Blocks off the kWh of lines: of each group of charges, in proportion to them."""
        for codes in told["groups"]:
            charges = [one for one in self.proof["charges"] if one["code"] in codes]
            runs = [(one, days) for one in charges for days in self.stretches(one)]
            kwh = [self.of(one["quantity"], days) for one, days in runs]
            parts = share(min(self.of(told["kwh"], self.days), sum(kwh, Fraction(0))), kwh)
            for (one, days), of, part in zip(runs, kwh, parts, strict=True):
                self.replaced[one["code"], days[0]] = of - part

    def hold(self) -> None:
        """The bill has the lines that follow, in order, and no others; its total is their sum."""
        self.replace(self.proof.get("solar", {"groups": []}))
        for charge, days in ((c, d) for c in self.proof["charges"] for d in self.stretches(c)):
            self._hold_line(charge, days)
        count, total = len(self.lines), Fraction(sum(cents for _, _, cents in self.lines), 100)
        same = count == len(self.bill["lines"]) and total == number(self.bill["total_usd"])
        _demand(same, f"{count} lines of ${total} follow: the bill has others, or another sum.")
        for name, told in self.proof.get("asked", {}).items():
            follows, asked = self.of(told, self.days), self.bill["asked"][name]
            asked = sum(map(number, asked)) if isinstance(asked, list) else number(asked)
            _demand(asked == follows, f"The budget plan's {name} is {follows}, not {asked}.")
        for name, every in self.values.place.items():
            _demand(every.keys() <= self.values.asked[name], f"Nothing asks for '{name}' on a day.")

    def _hold_line(self, charge: dict[str, Any], days: list[date]) -> None:
        self.values.clauses, self.figures = set(), set()
        for name, day in ((name, day) for name in charge["by"] for day in days):
            _demand(self.values.on(name, [day]) in CARRIED_OUT, f"'{name}' is read in a new way.")
        for day in days if "season" in charge else ():
            self.season(day)
        code, of = charge["code"], self.of(charge["quantity"], days)
        quantity = self.replaced.get((code, days[0]), of)
        price = self.of(charge["price"], days) if "price" in charge else None
        factors = [quantity, *(self.of(one, days) for one in charge["times"])]
        usd = _half_up(math.prod(factors, start=Fraction(1) if price is None else price), 100)
        if {"always": 1, "quantity": quantity, "amount": usd}[charge["stands"]] == 0:
            return
        billed, place = Fraction(0) if "granted" in charge else usd, len(self.lines)
        self.lines.append((code, days, int(billed * 100)))
        _demand(place < len(self.bill["lines"]), f"The bill has {place} lines; more follow.")
        line, edges = self.bill["lines"][place], [str(days[0]), str(days[-1] + timedelta(1))]
        follows = [code, *edges, charge["unit"], quantity, price, billed]
        told = [line[key] for key in ("code", "from", "to", "unit", "quantity", "price_usd", "usd")]
        told[4:] = [number(text) if text else None for text in told[4:]]
        differ = [f"{a}, not {b}" for a, b in zip(told, follows, strict=True) if a != b]
        _demand(not differ, f"Line {place + 1} says {'; '.join(differ)}, which follows.")
        lacks = self.values.clauses - set(line["citations"])
        _demand(bool(line["citations"]) and not lacks, f"Line {place + 1} does not cite {lacks}.")
        words = NUMBER.findall(line["arithmetic"].replace("$", ""))
        figures = [word if word[4:5] == "-" else number(word) for word in words]
        good = {*figures} <= {*self.figures, *factors, usd} and (price is None or price in figures)
        good = good and ("=" not in line["arithmetic"] or figures[-1] == usd)
        _demand(good, f"Line {place + 1} is told as '{line['arithmetic']}'; ${usd} follow.")


P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, by RFC 8032
D = -121665 * pow(121666, -1, P) % P
BASE = (0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A, 4 * pow(5, -1, P) % P)


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, other
    k = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def _times(factor: int, point: tuple[int, int]) -> tuple[int, int]:
    half = _times(factor // 2, _add(point, point)) if factor else (0, 1)
    return _add(half, point) if factor & 1 else half


def _point(data: bytes) -> tuple[int, int] | None:
    """The point of the curve that 32 bytes name, or None."""
    sign, y = divmod(int.from_bytes(data, "little"), 1 << 255)
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    good = y < P and (x * x - x2) % P == 0 and (x or not sign)
    return ((P - x if x & 1 != sign else x), y) if good else None


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature over the message is that of the key."""
    key, r, s = _point(public_key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(public_key) != 32 or len(signature) != 64 or key is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    return _times(s, BASE) == _add(r, _times(int.from_bytes(digest, "little") % Q, key))


def verify(proof: dict[str, Any], public_key: str | None) -> str:
    """Check signature and bill; answers the key that signed, in hexadecimal digits."""
    try:
        told, sig = proof["signature"], bytes.fromhex(proof["signature"]["value"])
        key = (public_key or told["public_key"]).strip().lower()
        rest = {name: part for name, part in proof.items() if name != "signature"}
        data = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        ok = told == {"scheme": "Ed25519", "public_key": key, "value": sig.hex()}
        ok = ok and signature_holds(bytes.fromhex(key), data.encode(), sig)
        _demand(ok, "The signature is not that of this key over this file.")
        Reckoning(proof).hold()
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, RuntimeError) as e:
        raise Unreadable(f"The file lacks a part, or one is of another kind: {e!r}.") from e
    return str(key)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; see the module's own words."""
    parser = argparse.ArgumentParser(prog="meterledger-verify", description=verify.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", help="the utility's public key, 64 hexadecimal digits")
    given = parser.parse_args(arguments)
    try:
        with given.file.open("rb") as file:
            proof = read_proof(file.read(MOST_BYTES + 1))
        if proof["format"] in BEFORE:
            return int(runpy.run_path(f"{Path(__file__).with_name(OLD)}")["main"](arguments))
        key, status = verify(proof, given.key), 0
        told = "Bill {bill}, {from} until {to}: ${total_usd} holds.".format_map(proof["bill"])
    except (OSError, Unreadable, Disproved, KeyError) as problem:
        status = 1 if isinstance(problem, Disproved) else 2
        told = f"{given.file} {('does not hold', 'cannot be read')[status - 1]}: {problem}"
    shown = "".join(one if one.isprintable() else "?" for one in told)
    print(shown[:400].replace("$-", "-$"), file=sys.stderr if status else sys.stdout)
    if status == 0:
        print(f"  Signed by {key} (the key {'you gave' if given.key else 'in the file'}).")
    return status


if __name__ == "__main__":
    sys.exit(main())
