"""meterledger-verify of formats 1 and 2: recompute a bill from its proof file, check who signed.

It needs Python 3.11 and this one file, and was written apart from the program that makes bills:
    python3 meterledger_verify_v1.py FILE [--key HEX]
Files of these formats are made no more; those that customers have stay good. The program for the
format of today, ``meterledger_verify.py``, comes here by itself.
``--key`` is the utility's public key (64 hexadecimal digits); without it, that in the file counts.
Exits 0 if the bill follows and the signature is good, 1 if not, 2 if the file cannot be read.
"""

from __future__ import annotations

import argparse
import calendar
import hashlib
import json
import struct
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

FORMATS = ("meterledger-bill-proof/1", "meterledger-bill-proof/2")
MOST_BYTES, SECONDS = 8_000_000, 60
QUARTER = 900
UNIT_WH = {"Wh": 1, "kWh": 1_000, "MWh": 1_000_000}


class Unreadable(Exception):
    """The file is no proof file: what is wrong, in one sentence."""


class Disproved(Exception):
    """The bill does not follow from what stands in the file: what, in one sentence."""


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Disproved(otherwise)


def read_proof(data: bytes) -> dict[str, Any]:
    """The file as an object. Numbers with a point are refused: every figure is whole or text."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"The file has {len(data)} bytes; a proof has at most {MOST_BYTES}.")
    try:
        proof = json.loads(data, parse_float=_no_float, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"The file is no JSON that is read here: {problem}.") from problem
    if not isinstance(proof, dict) or proof.get("format") not in FORMATS:
        raise Unreadable(f"The file does not call itself {' or '.join(FORMATS)}.")
    return proof


def _no_float(text: str) -> None:
    raise ValueError(f"{text[:40]} is written with a point or an exponent")


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def canonical(value: object) -> bytes:
    """Keys in order, no spaces, UTF-8: what the signature and a register's hash are over."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# ----------------------------------------------------------------- the parameters, and the usage


class Terms:
    """The parameters of the file, asked for a day of the bill."""

    def __init__(self, told: dict[str, Any], first: date, until: date) -> None:
        self.told, self.first, self.until, band = told, first, until, told["proration"]
        self.ends = process_time() + SECONDS
        self.days = [first + timedelta(number) for number in range((until - first).days)]
        _demand(bool(self.days), "The bill's period has no days.")
        regular = band["regular_days_min"] <= len(self.days) <= band["regular_days_max"]
        self.months = Fraction(1) if regular else len(self.days) / Fraction(band["normal_days"])

    def place(self, parts: list[Any], day: date) -> int:
        """Which of dated values ``[from, to, value]`` is in force on a day."""
        _demand(process_time() < self.ends, "It takes longer than a minute to reckon this bill.")
        found = [n for at in [str(day)] for n, one in enumerate(parts) if one[0] <= at < one[1]]
        _demand(len(found) == 1, f"Of {parts}, {len(found)} hold on {day}, not one.")
        return found[0]

    def on(self, parts: list[Any], day: date) -> Any:
        """The value that is in force on a day."""
        return parts[self.place(parts, day)][2]

    def season(self, day: date) -> str:
        """The season of a day, by its month."""
        return str(self.on(self.told["seasons"], day)[day.month - 1])

    def local(self, epoch: int) -> tuple[date, int]:
        """Local day, and minute of the day, of an instant (UTC, in seconds)."""
        _demand(process_time() < self.ends, "It takes longer than a minute to reckon this bill.")
        past = [offset for since, offset in self.told["utc_offsets"] if since <= epoch]
        _demand(bool(past), "The file does not say how far local time is from UTC.")
        days, rest = divmod(epoch + past[-1], 86_400)
        return date(1970, 1, 1) + timedelta(days), rest // 60

    def period(self, calendars: list[Any] | None, day: date, minute: int) -> str | None:
        """Which period a minute of a day is in; None where all hours are alike."""
        if calendars is None:
            return None
        rests = day.isoweekday() >= 6 or str(day) in self.told["holidays"]
        hours = self.on(calendars, day)["weekend_or_holiday" if rests else "working_day"]
        found = [name for begin, end, name in hours[self.season(day)] if begin <= minute < end]
        _demand(len(found) == 1, f"Minute {minute} of {day} is in {len(found)} periods, not one.")
        return str(found[0])

    def stretches(self, charge: dict[str, Any]) -> list[list[date]]:
        """Runs of days of the charge's season on which nothing that it depends on changes."""
        series = [charge["price"]]
        if charge["block"] is not None:
            series.append(self.told["block_limit_kwh"])
            alike = [one for one in self.told["charges"] if one["block"] is not None]
            series += [one["price"] for one in alike if one["season"] == charge["season"]]
        if charge["kind"] == "demand" or charge["period"] is not None:
            series.append(self.told["demand_window" if charge["kind"] == "demand" else "windows"])
        found: list[list[date]] = []
        before: list[int] | None = None
        for day in self.days:
            now = None
            if charge["season"] in (None, self.season(day)):
                now = [self.place(parts, day) for parts in series]
                found = found if now == before else [*found, []]
                found[-1].append(day)
            before = now
        return found


class Usage:
    """The readings: watt-hours by day and period (None: all hours), and each day's highest hour."""

    def __init__(self, readings: dict[str, Any], terms: Terms) -> None:
        self.wh: dict[tuple[date, str | None], int] = defaultdict(int)
        self.peaks: dict[date, int] = defaultdict(int)
        if "registers" in readings:  # each day has its share: the running sum is rounded down
            parts = share_whole(_of_registers(readings), [1] * len(terms.days))
            self.wh |= {(day, None): wh for day, wh in zip(terms.days, parts, strict=True)}
        else:
            self._take(_intervals(readings), terms)

    def _take(self, intervals: list[tuple[int, int, int]], terms: Terms) -> None:
        """Every interval into its day, its period and its hour."""
        of_hour: dict[tuple[date, int], int] = defaultdict(int)
        end = intervals[0][0]
        edges = [terms.local(end)]
        for number, (start, seconds, wh) in enumerate(intervals):
            follows = start == end and 0 < seconds <= 90_000  # a day has 25 hours at most
            _demand(follows, f"Reading {number} does not follow the last one.")
            end += seconds
            looked_at = [start, *range(start - start % QUARTER + QUARTER, end, QUARTER), end - 1]
            places = [terms.local(at) for at in looked_at]
            day = places[0][0]
            within = terms.first <= day < terms.until and {one for one, _ in places} == {day}
            _demand(within, f"Reading {number} is not of the bill's days.")
            periods = {terms.period(terms.told["windows"], day, minute) for _, minute in places}
            _demand(len(periods) == 1, f"Reading {number} lies in two periods of the day.")
            for key in {None, *periods}:
                self.wh[day, key] += wh
            hours = {(places[n][1] // 60 * 60, at // 3600) for n, at in enumerate(looked_at)}
            for minute, hour in hours:
                if terms.period(terms.told["demand_window"], day, minute) == "counts":
                    _demand(len(hours) == 1, f"Reading {number} is longer than an hour of demand.")
                    of_hour[day, hour] += wh
        edges.append(terms.local(end))
        whole = edges == [(terms.first, 0), (terms.until, 0)]
        _demand(whole, "The readings do not begin and end with the bill's period.")
        for (day, _), wh in of_hour.items():
            self.peaks[day] = max(self.peaks[day], wh)


def _intervals(readings: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Start, seconds and watt-hours of every interval, held to the hashes of the bill's record."""
    if "values_wh" in readings:
        at, seconds, values = (readings[key] for key in ("start", "interval_seconds", "values_wh"))
        _hold(readings, struct.pack(f"<{len(values)}q", *values))
        return [(at + number * seconds, seconds, wh) for number, wh in enumerate(values)]
    found: list[tuple[int, int, int]] = []
    for one in readings["meters"]:
        at, mine = one["start"], []
        for seconds, wh in one["intervals"]:
            mine.append((at, seconds, wh * one["multiplier"]))
            at += seconds
        _hold(one, b"".join(struct.pack("<3q", *each) for each in mine))
        found += mine
    _hold(readings, b"".join(struct.pack("<3q", *each) for each in found))
    return found


def _of_registers(readings: dict[str, Any]) -> int:
    """Watt-hours billed: what each register moved by, and what is billed ahead of its reads."""
    _hold(readings, canonical(readings["registers"]) + b"\n")
    total = 0
    for one, (digits, decimals) in zip(readings["registers"], readings["dials"], strict=True):
        opening, closing, over = one["opening"], one["closing"], 10 ** (digits + decimals)
        unit = Fraction(UNIT_WH[one["unit"]], 10**decimals)
        for read in (opening, closing):
            ahead = int(Fraction(read["ahead_wh"], one["multiplier"]) / unit // 1)
            stands = str((read["shown"] + ahead) % over).zfill(digits + decimals)
            good = read["figures"].replace(".", "") == stands
            _demand(good, f"The register {one['register']} stands at {stands}, not as it says.")
        end = closing["shown"] + (over if one["rolled_over"] else 0)
        moved = int(end * unit // 1) - int(opening["shown"] * unit // 1)
        energy = moved * one["multiplier"] + closing["ahead_wh"] - opening["ahead_wh"]
        _demand(energy == one["energy_wh"], f"The register {one['register']} moved {energy} Wh.")
        total += energy
    return total


def _hold(told: dict[str, Any], data: bytes) -> None:
    good = told["sha256"] == hashlib.sha256(data).hexdigest()
    _demand(good, "The readings do not have the hash that the bill's record pins.")


# ------------------------------------------------------------------------------------ the bill


class Line(NamedTuple):
    """A line of the bill as lines are compared: what, when, how much, at which price."""

    code: str
    from_day: str
    to_day: str
    unit: str
    quantity: str
    price_usd: str
    cents: int


def recompute(proof: dict[str, Any]) -> list[Line]:
    """The bill's lines, from the readings and parameters in the file."""
    bill, told = proof["bill"], proof["parameters"]
    terms = Terms(told, date.fromisoformat(bill["from"]), date.fromisoformat(bill["to"]))
    usage = Usage(proof["readings"], terms)
    charges = []
    for charge in told["charges"]:
        found = [_line(charge, terms, days, usage) for days in terms.stretches(charge)]
        charges += [one for one in found if charge["kind"] == "monthly" or one.quantity != "0"]
    if "paperless" in told:
        charges.append(_credit(told["paperless"], bill))
    taxes = _taxes(told, bill, sum(line.cents for line in charges))
    lines = charges + taxes
    for one in told.get("adjustments", ()):  # what is not charged, or is left as it was billed
        group = {"tax": taxes, "charges": charges}[one["of"]]
        now = sum(line.cents for line in group if one["of"] != "tax" or line.code == one["code"])
        left = _cents(one["charged_usd"]) - now
        group.append(Line(one["code"], bill["from"], bill["to"], "adjustment", "1", "", left))
        lines.append(group[-1])
    return lines


def _line(charge: dict[str, Any], terms: Terms, days: list[date], usage: Usage) -> Line:
    """A charge on days on which nothing that it depends on changes."""
    micro, kind = terms.on(charge["price"], days[0]), charge["kind"]
    share = terms.months * Fraction(len(days), len(terms.days))
    if kind == "monthly":
        unit, quantity, factor = "month", str(share), share
    elif kind == "demand":
        watts = max(usage.peaks[day] for day in days)
        unit, quantity, factor = "kW", _decimal(watts, 3), Fraction(watts, 1000) * share
    else:
        _demand(kind in ("energy", "rider"), f"'{kind}' is no kind of charge that is known here.")
        wh = _energy(charge, terms, days, share, usage)
        unit, quantity, factor = "kWh", _decimal(wh, 3), Fraction(wh, 1000)
    until, price = days[-1] + timedelta(1), _decimal(micro, 6, 2)
    cents = _half_up(factor * micro / 10_000)
    return Line(charge["code"], str(days[0]), str(until), unit, quantity, price, cents)


def _energy(
    charge: dict[str, Any], terms: Terms, days: list[date], share: Fraction, usage: Usage
) -> int:
    """Watt-hours that the charge prices: those of its period, and of its block if it has one."""
    periods = [None] if charge["period"] is None else terms.told["periods"]
    place = periods.index(charge["period"])
    energy = [sum(usage.wh[day, period] for day in days) for period in periods]
    if charge["block"] is None:
        return energy[place]
    limit_wh = int(Fraction(terms.on(terms.told["block_limit_kwh"], days[0])) * 1000 * share // 1)
    first = share_whole(min(sum(energy), limit_wh), energy)[place]  # periods share it by energy
    return first if charge["block"] == "first" else energy[place] - first


def _credit(told: dict[str, Any], bill: dict[str, Any]) -> Line:
    """The credit for paperless billing, for so many months from its first day on."""
    since, on = date.fromisoformat(told["since"]), date.fromisoformat(told["billed_on"])
    turn = min(since.day, calendar.monthrange(on.year, on.month)[1])
    months = (on.year - since.year) * 12 + on.month - since.month - (on.day < turn)
    _demand(since <= on and months < told["months"], f"On {on} there is no paperless credit.")
    cents = -_cents(told["credit_usd"])
    return Line(told["code"], bill["from"], bill["to"], "bill", "1", "", cents)


def _taxes(told: dict[str, Any], bill: dict[str, Any], charges_cents: int) -> list[Line]:
    """Each tax on the charges, and on taxes before it where it says so, less what is exempt."""
    found: list[Line] = []
    for tax in told["taxes"] if "taxes" in told else [told["tax"]] if told["tax"] else []:
        rate, shown, exempt = Fraction(tax["rate"]), tax["rate"], tax.get("exemption")
        if tax.get("grossed_up", True):  # the receipts that are taxed hold the tax itself
            rate /= 1 - rate
            shown = f"{rate.numerator}/{rate.denominator}"
        base = charges_cents + sum(one.cents for one in found if one.code in tax.get("also_on", ()))
        cents = _half_up(base * rate * (1 - _exempt_share(exempt, bill)))
        if cents or exempt:
            what = (tax["code"], bill["from"], bill["to"], "USD", _usd_text(base), shown, cents)
            found.append(Line(*what))
    return found


def _exempt_share(told: dict[str, Any] | None, bill: dict[str, Any]) -> Fraction:
    """What a certificate exempts: its share, if it is in force and of a ground that counts."""
    if told is None:
        return Fraction(0)
    last, share = date.fromisoformat(bill["to"]) - timedelta(1), Fraction(told["share"])
    day = {"first_service_day": bill["from"], "last_service_day": str(last)}[told["holds_on"]]
    in_force = told["from"] <= day and (told["to"] is None or day < told["to"])
    _demand(in_force and 0 < share <= 1, f"The certificate does not hold on {day}.")
    return share if told["ground"] in told["grounds"] else Fraction(0)


def share_whole(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts that sum to the total: each ends at the floor of the running share."""
    if not sum(weights):
        return [0] * (len(weights) - 1) + [total]
    ends = [total * sum(weights[:n]) // sum(weights) for n in range(len(weights) + 1)]
    return [end - begin for begin, end in pairwise(ends)]


def _half_up(exact: Fraction) -> int:
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def _decimal(whole: int, places: int, least: int = 0) -> str:
    """A whole number of thousandths (3 places) and the like, with at least so many decimals."""
    units, part = divmod(abs(whole), 10**places)
    decimals = f"{part:0{places}d}".rstrip("0").ljust(least, "0")
    return f"{'-' if whole < 0 else ''}{units}{'.' if decimals else ''}{decimals}"


def _usd_text(cents: int) -> str:
    return _decimal(cents, 2, 2)


def _cents(usd: str) -> int:
    cents = Fraction(usd) * 100
    _demand(cents.denominator == 1, f"{usd} is no amount of dollars and cents.")
    return int(cents)


def compare(bill: dict[str, Any], computed: Sequence[Line]) -> None:
    """Hold the bill's lines to those that follow, and its total, and what it asks, to the lines."""
    shown = ("code", "from", "to", "unit", "quantity", "price_usd")
    told = [Line(*[*map(line.get, shown), _cents(line["usd"])]) for line in bill["lines"]]
    differ = f"The bill has {len(told)} lines; {len(computed)} follow from its readings."
    _demand(len(told) == len(computed), differ)
    for number, (one, other, line) in enumerate(zip(told, computed, bill["lines"], strict=True), 1):
        _demand(one == other, f"Line {number} says {one}, and {other} follows from the readings.")
        _demand(bool(line["citations"]), f"Line {number} cites no clause.")
        words, factor = line["arithmetic"], f"{one.quantity} {one.unit} x ${one.price_usd}"
        begin, end = f"${one.quantity}" if one.unit == "USD" else factor, _usd_text(one.cents)
        by_hand = words.startswith(begin) and words.endswith(f" = ${end}")  # or it is no product
        by_hand = by_hand or one.unit in ("adjustment", "bill")
        _demand(by_hand, f"Line {number} is told as '{words}', not as '{begin} ... = ${end}'.")
    total = sum(line.cents for line in told)
    differ = f"The lines sum to {_usd_text(total)}, and the bill says {bill['total_usd']}."
    _demand(total == _cents(bill["total_usd"]), differ)
    if "asked" in bill:
        _hold_asked(bill["asked"], total, corrects="corrects" in bill)


def _hold_asked(told: dict[str, Any], total: int, corrects: bool) -> None:
    """What a budget plan asks is its parts; cost less what was asked moves by this bill."""
    asked_for = ("plan_amount", "rolled_over_part", "settlement")
    parts = sum(_cents(told[f"{key}_usd"]) for key in asked_for)
    before = sum(_cents(cost) - _cents(asked) for _, cost, asked in told["bills_before"])
    after, kind = before + total - parts, told["kind"]
    keys = ("charges", "asked", "difference_before", "difference_after")
    good = [_cents(told[f"{key}_usd"]) for key in keys] == [total, parts, before, after]
    _demand(good, f"The plan asks {_usd_text(parts)}, {_usd_text(after)} of the cost is left.")
    rolled = sum(map(_cents, told["rolled_over_usd"]))
    due = {"plan": rolled == 0, "settled": corrects or rolled == after, "ended": after == 0}
    _demand(due[kind], f"The plan has {kind}, and {_usd_text(after)} of the cost is left.")


# ------------------------------------------------------------------- the signature (RFC 8032)

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (BASE_X, 4 * pow(5, -1, P) % P)


def _add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    k = D * x1 * x2 * y1 * y2
    x3, y3 = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P), (y1 * y2 + x1 * x2) * pow(1 - k, -1, P)
    return x3 % P, y3 % P


def _times(factor: int, point: Point) -> Point:
    found: Point = (0, 1)
    while factor:
        if factor & 1:
            found = _add(found, point)
        point = _add(point, point)
        factor >>= 1
    return found


def _point(data: bytes) -> Point | None:
    """The point of the curve that 32 bytes name, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature over the message is that of the key."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, r = _point(public_key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    return _times(s, BASE) == _add(r, _times(int.from_bytes(digest, "little") % Q, key))


# --------------------------------------------------------------------------------- the program


def verify(proof: dict[str, Any], public_key: str | None) -> str:
    """Check signature and bill; answers the key that signed, in hexadecimal digits."""
    try:
        told = proof["signature"]
        key = (public_key or told["public_key"]).strip().lower()
        signed = canonical({name: part for name, part in proof.items() if name != "signature"})
        good = signature_holds(bytes.fromhex(key), signed, bytes.fromhex(told["value"]))
        _demand(good, "The signature is not that of this key over this file.")
        compare(proof["bill"], recompute(proof))
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as problem:
        words = f"The file lacks a part, or one is of another kind: {problem!r}."
        raise Unreadable(words) from problem
    except struct.error as problem:
        raise Unreadable(f"A reading is no whole number of 64 bits: {problem}.") from problem
    return str(key)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; see the module's own words."""
    words = "Recompute a bill from its proof file alone, and check who signed the file."
    parser = argparse.ArgumentParser(prog="meterledger-verify", description=words)
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", help="the utility's public key, 64 hexadecimal digits")
    given = parser.parse_args(arguments)
    try:
        proof = read_proof(given.file.read_bytes())
        key = verify(proof, given.key)
    except (OSError, Unreadable) as problem:
        print(f"{given.file} cannot be read: {ascii(str(problem))[1:401]}", file=sys.stderr)
        return 2
    except Disproved as problem:
        print(f"{given.file}: does not hold. {ascii(str(problem))[1:401]}", file=sys.stderr)
        return 1
    bill = {name: ascii(part).strip("'") for name, part in proof["bill"].items()}
    print(f"Bill {bill['bill']}, {bill['from']} until {bill['to']}: {bill['total_usd']} USD holds.")
    print(f"  {len(proof['bill']['lines'])} lines follow from the file's readings and parameters.")
    if "asked" in bill:
        print(f"  Its budget plan asks {proof['bill']['asked']['asked_usd']} USD of the account.")
    whose = "the key you gave" if given.key else "the key in the file: compare the utility's"
    print(f"  Signed by {key} ({whose}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
