"""meterledger-verify: recompute a bill from its proof file alone, and check who signed the file.

A program of its own: it needs Python 3.11 and this one file, nothing of Meterledger and no package.
It was written apart from the program that makes bills, one interval at a time, in whole numbers and
fractions: where the two agree to the cent, two mistakes would have to be the same.

    python3 meterledger_verify.py FILE [--key HEX]

``--key`` is the utility's public key as it publishes it (64 hexadecimal digits). Without it the
signature is checked with the key that stands in the file, and the program says so.

Exits 0 if the bill follows and the signature is good, 1 if not, 2 if the file cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

FORMAT = "meterledger-bill-proof/1"
MOST_BYTES = 8_000_000
EPOCH = date(1970, 1, 1).toordinal()


class Unreadable(Exception):
    """The file is no proof file: what is wrong, in one sentence."""


class Disproved(Exception):
    """The bill does not follow from what stands in the file: what, in one sentence."""


# --------------------------------------------------------------------------------- the file


def read_proof(data: bytes) -> dict[str, Any]:
    """The file as an object. Numbers with a point are refused: every figure is whole or text.

    :raises Unreadable: if it is not one
    """
    if len(data) > MOST_BYTES:
        raise Unreadable(f"The file has {len(data)} bytes; a proof has at most {MOST_BYTES}.")
    try:
        proof = json.loads(data, parse_float=_no_float, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"The file is no JSON that is read here: {problem}.") from problem
    if not isinstance(proof, dict) or proof.get("format") != FORMAT:
        raise Unreadable(f"The file does not call itself {FORMAT}.")
    return proof


def _no_float(text: str) -> None:
    raise ValueError(f"{text[:40]} is written with a point or an exponent")


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def signed_bytes(proof: dict[str, Any]) -> bytes:
    """What the signature is over: all but itself, keys in order, no spaces, UTF-8."""
    rest = {key: value for key, value in proof.items() if key != "signature"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


# ---------------------------------------------------------------------------------- the bill


@dataclass(frozen=True)
class Usage:
    """The readings of the file, by local day, hour and minute."""

    of_day: dict[date, int]
    of_period: dict[tuple[date, str], int]
    peak_of_day: dict[date, int]


@dataclass(frozen=True, order=True)
class Line:
    """A line of the bill as the lines are compared: where, what, how much, at which price."""

    code: str
    from_day: str
    to_day: str
    unit: str
    quantity: str
    price_usd: str
    cents: int


def recompute(proof: dict[str, Any]) -> list[Line]:
    """The bill's lines, from the readings and parameters in the file.

    :raises Disproved: if readings do not tile the period, or a parameter is missing for a day
    """
    bill, terms = proof["bill"], proof["parameters"]
    first, last = date.fromisoformat(bill["from"]), date.fromisoformat(bill["to"])
    days = [first + timedelta(days=number) for number in range((last - first).days)]
    _demand(len(days) > 0, "The bill's period has no days.")
    usage = _usage(proof["readings"], terms, days)
    months = _months(terms["proration"], len(days))
    lines: list[Line] = []
    for charge in terms["charges"]:
        for stretch in _stretches(charge, terms, days):
            line = _line(charge, terms, stretch, months * Fraction(len(stretch), len(days)), usage)
            if line is not None:
                lines.append(line)
    tax = _tax(terms["tax"], bill, sum(line.cents for line in lines))
    return [*lines, tax] if tax is not None else lines


def _usage(readings: dict[str, Any], terms: dict[str, Any], days: Sequence[date]) -> Usage:
    seconds, values = readings["interval_seconds"], readings["values_wh"]
    offsets = [(int(since), int(offset)) for since, offset in terms["utc_offsets"]]
    wanted = set(days)
    of_day: dict[date, int] = defaultdict(int)
    of_period: dict[tuple[date, str], int] = defaultdict(int)
    of_hour: dict[tuple[date, int, int], int] = defaultdict(int)
    start = readings["start"]
    for number, wh in enumerate(values):
        epoch = start + number * seconds
        day, minute = _local(epoch, offsets)
        end_day, end_minute = _local(epoch + seconds - 1, offsets)
        _demand(day in wanted and day == end_day, f"Reading {number} is not of the bill's days.")
        of_day[day] += wh
        of_hour[day, minute // 60, epoch // 3600] += wh
        period = _period(terms["windows"], terms, day, minute)
        if period is not None:
            _demand(
                period == _period(terms["windows"], terms, day, end_minute),
                f"Reading {number} lies in two periods of the day.",
            )
            of_period[day, period] += wh
    _demand(set(of_day) == wanted, "A day of the bill has no reading.")
    begin_day, begin_minute = _local(start, offsets)
    after_day, after_minute = _local(start + len(values) * seconds, offsets)
    _demand(
        (begin_day, begin_minute) == (days[0], 0)
        and (after_day, after_minute) == (days[-1] + timedelta(days=1), 0),
        "The readings do not begin and end with the bill's period.",
    )
    peaks: dict[date, int] = defaultdict(int)
    for (day, hour, _), wh in of_hour.items():
        if _period(terms["demand_window"], terms, day, hour * 60) == "counts":
            peaks[day] = max(peaks[day], wh)
    return Usage(of_day, of_period, peaks)


def _local(epoch: int, offsets: Sequence[tuple[int, int]]) -> tuple[date, int]:
    """Local day and minute of the day."""
    past = [offset for since, offset in offsets if since <= epoch]
    _demand(bool(past), "The file does not say how far local time is from UTC.")
    days, rest = divmod(epoch + past[-1], 86_400)
    return date.fromordinal(EPOCH + days), rest // 60


def _period(
    calendars: list[Any] | None, terms: dict[str, Any], day: date, minute: int
) -> str | None:
    """Which period a minute of a day is in; None where all hours are alike."""
    if calendars is None:
        return None
    calendar = _on(calendars, day, "hours of the day")
    rests = day.isoweekday() >= 6 or day.isoformat() in terms["holidays"]
    by_season = calendar["weekend_or_holiday" if rests else "working_day"]
    for begin, end, period in by_season[_season(terms, day)]:
        if begin <= minute < end:
            return str(period)
    raise Disproved(f"Minute {minute} of {day} is in no period.")


def _season(terms: dict[str, Any], day: date) -> str:
    return str(_on(terms["seasons"], day, "season")[day.month - 1])


def _on(parts: list[Any], day: date, what: str) -> Any:
    """The value of a series in force on a day."""
    return parts[_number_on(parts, day, what)][2]


def _number_on(parts: list[Any], day: date, what: str) -> int:
    found = [n for n, (begin, end, _) in enumerate(parts) if begin <= day.isoformat() < end]
    _demand(len(found) == 1, f"The file has {len(found)} values of the {what} for {day}, not one.")
    return found[0]


def _months(terms: dict[str, Any], day_count: int) -> Fraction:
    if terms["regular_days_min"] <= day_count <= terms["regular_days_max"]:
        return Fraction(1)
    return Fraction(day_count) / Fraction(terms["normal_days"])


def _stretches(
    charge: dict[str, Any], terms: dict[str, Any], days: Sequence[date]
) -> list[list[date]]:
    """Runs of days of the charge's season on which nothing that it depends on changes."""
    found: list[list[date]] = []
    before: tuple[int, ...] | None = None
    for day in days:
        if charge["season"] is not None and _season(terms, day) != charge["season"]:
            before = None
            continue
        key: tuple[int, ...] = (_number_on(charge["price"], day, f"price of {charge['code']}"),)
        if charge["block"] is not None:
            key += (_number_on(terms["block_limit_kwh"], day, "block"),)
            for other in terms["charges"]:
                if other["block"] is not None and other["season"] == charge["season"]:
                    key += (_number_on(other["price"], day, "price"),)
        hours = terms["demand_window"] if charge["kind"] == "demand" else terms["windows"]
        if charge["kind"] == "demand" or charge["period"] is not None:
            key += (_number_on(hours, day, "hours of the day"),)
        if key == before:
            found[-1].append(day)
        else:
            found.append([day])
        before = key
    return found


def _line(
    charge: dict[str, Any],
    terms: dict[str, Any],
    stretch: list[date],
    share: Fraction,
    usage: Usage,
) -> Line | None:
    price_micro = _on(charge["price"], stretch[0], f"price of {charge['code']}")
    price = Fraction(price_micro, 1_000_000)
    kind = charge["kind"]
    if kind == "monthly":
        unit, quantity, usd = "month", str(share), share * price
    elif kind == "demand":
        watts = max(usage.peak_of_day.get(day, 0) for day in stretch)
        unit, quantity, usd = "kW", _thousandths(watts), Fraction(watts, 1000) * price * share
    else:
        wh = _energy(charge, terms, stretch, share, usage)
        unit, quantity, usd = "kWh", _thousandths(wh), Fraction(wh, 1000) * price
    if kind != "monthly" and quantity == "0":
        return None
    until = stretch[-1] + timedelta(days=1)
    return Line(
        charge["code"],
        stretch[0].isoformat(),
        until.isoformat(),
        unit,
        quantity,
        _price_text(price_micro),
        _half_up(usd * 100),
    )


def _energy(
    charge: dict[str, Any],
    terms: dict[str, Any],
    stretch: list[date],
    share: Fraction,
    usage: Usage,
) -> int:
    """Watt-hours that the charge prices on these days."""

    def used(period: str | None) -> int:
        if period is None:
            return sum(usage.of_day[day] for day in stretch)
        return sum(usage.of_period.get((day, period), 0) for day in stretch)

    mine, everything = used(charge["period"]), used(None)
    if charge["block"] is None:
        return mine
    limit_kwh = Fraction(_on(terms["block_limit_kwh"], stretch[0], "block"))
    first = min(everything, int(limit_kwh * 1000 * share // 1))
    if charge["period"] is not None:
        # The block is shared by energy: a period's part ends at the floor of the running share.
        periods = terms["periods"]
        place = periods.index(charge["period"])
        if everything:
            before = sum(used(one) for one in periods[:place])
            first = first * (before + mine) // everything - first * before // everything
        else:
            first = first if place == len(periods) - 1 else 0
    return first if charge["block"] == "first" else mine - first


def _tax(tax: dict[str, Any] | None, bill: dict[str, Any], charges_cents: int) -> Line | None:
    if tax is None:
        return None
    rate = Fraction(tax["rate"])
    share = rate / (1 - rate)
    cents = _half_up(charges_cents * share)
    if cents == 0:
        return None
    shown = f"{share.numerator}/{share.denominator}"
    return Line(
        tax["code"], bill["from"], bill["to"], "USD", _usd_text(charges_cents), shown, cents
    )


def _half_up(exact: Fraction) -> int:
    whole, rest = divmod(abs(exact), 1)
    whole += 1 if rest >= Fraction(1, 2) else 0
    return int(whole if exact >= 0 else -whole)


def _thousandths(whole: int) -> str:
    sign = "-" if whole < 0 else ""
    units, part = divmod(abs(whole), 1000)
    return f"{sign}{units}.{part:03d}".rstrip("0").rstrip(".")


def _price_text(micro: int) -> str:
    """At least two decimals, no more than six: as the bill prints a price."""
    sign = "-" if micro < 0 else ""
    units, part = divmod(abs(micro), 1_000_000)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{units}.{decimals}"


def _usd_text(cents: int) -> str:
    units, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{units}.{part:02d}"


def _cents(usd: str) -> int:
    cents = Fraction(usd) * 100
    _demand(cents.denominator == 1, f"{usd} is no amount of dollars and cents.")
    return int(cents)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Disproved(otherwise)


def compare(proof: dict[str, Any], computed: Sequence[Line]) -> None:
    """Hold the lines of the file to the computed ones, and the total to its lines.

    :raises Disproved: naming the first line that differs
    """
    bill = proof["bill"]
    shown = ("code", "from", "to", "unit", "quantity", "price_usd")
    told = [Line(*[*map(line.get, shown), _cents(line["usd"])]) for line in bill["lines"]]
    _demand(
        len(told) == len(computed),
        f"The bill has {len(told)} lines; {len(computed)} follow from its readings.",
    )
    for number, (one, other) in enumerate(zip(told, computed, strict=True), start=1):
        _demand(one == other, f"Line {number} says {one}, and {other} follows from the readings.")
    for line in bill["lines"]:
        _demand(bool(line["citations"]), f"The line {line['code']} cites no clause.")
    total = sum(line.cents for line in told)
    _demand(
        total == _cents(bill["total_usd"]),
        f"The lines sum to {_usd_text(total)}, and the bill says {bill['total_usd']}.",
    )
    values = proof["readings"]["values_wh"]
    _demand(
        hashlib.sha256(struct.pack(f"<{len(values)}q", *values)).hexdigest()
        == proof["readings"]["sha256"],
        "The readings do not have the hash that the bill's record pins.",
    )


# ------------------------------------------------------------------- the signature (RFC 8032)

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(factor: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = _add(found, point)
        point = _add(point, point)
        factor >>= 1
    return found


def _point(data: bytes) -> Point | None:
    """The point that 32 bytes name, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


_BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature over the message is that of the key."""
    if len(public_key) != 32 or len(signature) != 64 or _BASE is None:
        return False
    key, r = _point(public_key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    left = _times(s, _BASE)
    right = _add(r, _times(int.from_bytes(digest, "little") % Q, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


# --------------------------------------------------------------------------------- the program


def verify(proof: dict[str, Any], public_key: str | None) -> str:
    """Check signature and bill; answers the key that signed, in hexadecimal digits.

    :raises Unreadable: if a part of the file is missing or of another kind
    :raises Disproved: if the signature or the bill does not hold
    """
    try:
        told = proof["signature"]
        key = (public_key or told["public_key"]).strip().lower()
        good = signature_holds(
            bytes.fromhex(key), signed_bytes(proof), bytes.fromhex(told["value"])
        )
        _demand(good, "The signature is not that of this key over this file.")
        compare(proof, recompute(proof))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, struct.error) as problem:
        raise Unreadable(f"The file lacks a part, or one is of another kind: {problem!r}.") from (
            problem
        )
    return key


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; see the module's own words."""
    parser = argparse.ArgumentParser(
        prog="meterledger-verify",
        description="Recompute a bill from its proof file alone, and check who signed the file.",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", help="the utility's public key, 64 hexadecimal digits")
    asked = parser.parse_args(arguments)
    try:
        proof = read_proof(asked.file.read_bytes())
        key = verify(proof, asked.key)
    except OSError as problem:
        print(f"{asked.file} cannot be read: {problem.strerror}.", file=sys.stderr)
        return 2
    except Unreadable as problem:
        print(f"{asked.file}: {problem}", file=sys.stderr)
        return 2
    except Disproved as problem:
        print(f"{asked.file}: does not hold. {problem}", file=sys.stderr)
        return 1
    bill = proof["bill"]
    readings = len(proof["readings"]["values_wh"])
    print(f"Bill {bill['bill']}, {bill['from']} until {bill['to']}: {bill['total_usd']} USD holds.")
    print(
        f"  {len(bill['lines'])} lines follow from {readings} readings and the file's parameters."
    )
    given = (
        "the key you gave" if asked.key else "the key in the file: compare it with the utility's"
    )
    print(f"  Signed by {key} ({given}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
