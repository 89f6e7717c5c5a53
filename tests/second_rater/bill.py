"""A bill in plain steps: each charge's days, each part's quantity, one rounding a line.

Lives here      lines of a schedule, and of programmes beside it.
Lives elsewhere the book (``sheets``), days (``hours``), quantities (``quantities``), ``taxes``.
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.second_rater.hours import Hours
from tests.second_rater.quantities import Meter, Part, days_between, half_up, shared
from tests.second_rater.sheets import Sheets, Silent
from tests.second_rater.taxes import Taxes
from tests.second_rater.usage import CannotPrice, Line, Usage

Charge = dict[str, Any]
ON_LINES = ("percent", "minimum")
ALWAYS = ("monthly", "daily", "per_bill")


class SecondRater:
    """One book as known on one day."""

    def __init__(self, folder: Path, known_on: date = date.max) -> None:
        self.sheets = Sheets(folder, known_on)
        self.hours = Hours(self.sheets)

    def schedules(self) -> list[str]:
        return self.sheets.named("schedule")

    def bill(
        self,
        schedule: str,
        day_from: date,
        day_until: date,
        usage: Usage,
        *,
        programs: Sequence[str] = (),
        tax_place: str = "none",
        sales_place: str | None = None,
        riders: bool = True,
        cycle: int | None = None,
    ) -> list[Line]:
        """The lines of one bill in their order, taxes last.

        Cycle N is read on day N of each month. A bill from a reading day to the next needs none.
        """
        whole = day_from.day == day_until.day and 28 <= (day_until - day_from).days <= 31
        cycle = cycle or (day_from.day if whole else None)
        bill = _Bill(self, schedule, (day_from, day_until), usage, programs, cycle)
        if not riders:
            bill.charges = [one for one in bill.charges if group_of(one) != "rider"]
        lines = bill.lines()
        cents = sum(line.cents for line in lines)
        taxes = Taxes(self.sheets, schedule, bill.window)
        return [*lines, *taxes.lines(cents, tax_place, sales_place)]

    def months(self, day_from: date, day_until: date) -> Fraction:
        """A month if the window is regular, else its days over a normal period's."""
        count, last = (day_until - day_from).days, day_until - timedelta(days=1)
        low = self.sheets.number("regular_period_days_min", last)
        high = self.sheets.number("regular_period_days_max", last)
        if low <= count <= high:
            return Fraction(1)
        return count / self.sheets.number("normal_period_days", last)


class _Bill:
    def __init__(
        self,
        rater: SecondRater,
        code: str,
        window: Part,
        usage: Usage,
        programs: Sequence[str],
        cycle: int | None,
    ) -> None:
        self.sheets, self.window, self.usage = rater.sheets, window, usage
        self.days = days_between(window)
        self.last = self.days[-1]
        entries = {id(self.sheets.entry(code, day)) for day in self.days}
        if len(entries) > 1:
            raise CannotPrice(f"{code} itself changes inside the window")
        self.schedule: dict[str, Any] = self.sheets.entry(code, window[0]).value
        self.programs = [self.sheets.entry(name, window[0]).value for name in programs]
        for program in self.programs:
            if code not in program["schedules"]:
                raise CannotPrice(f"{program['name']} does not stand beside {code}")
        self.months = rater.months(*window)
        self.meter = Meter(rater.hours, self.schedule, window, usage, cycle)
        self.charges: list[Charge] = list(self.schedule["charges"])
        self.done: list[Line] = []
        self._blocks: dict[tuple[object, ...], dict[tuple[int, str], int]] = {}

    # ------------------------------------------------------------------------------ the steps

    def lines(self) -> list[Line]:
        self._refuse_silent_days()
        netting = [one["net_metering"] for one in self.programs if "net_metering" in one]
        if netting:
            self.meter.net(self._segments())
        for charge in self.charges:
            if charge["kind"] not in ON_LINES:
                self.done += [line for line in self._lines_of(charge) if line is not None]
        for program in self.programs:
            if "solar" in program:
                self._replace(program["solar"])
        for charge in self.charges:  # lines of lines take the others as they are printed
            if charge["kind"] in ON_LINES:
                self.done += [line for line in self._lines_of(charge) if line is not None]
        order = {charge["code"]: place for place, charge in enumerate(self.charges)}
        self.done = sorted(
            (line for line in self.done if stands(line)),
            key=lambda line: order[line.code],
        )
        for program in self.programs:
            for charge in program["charges"]:
                self.done += self._program_lines(charge, program)
        return self.done

    def share(self, part: Part) -> Fraction:
        return self.months * Fraction((part[1] - part[0]).days, len(self.days))

    # -------------------------------------------------------------------------------- cutting

    def _days_of(self, charge: Charge) -> list[date]:
        if "season" not in charge:
            return self.days
        return [day for day in self.days if self.meter.season(day) == charge["season"]]

    def parts(self, charge: Charge) -> list[Part]:
        """Unbroken runs of the charge's days on each of which it rests on the same entries."""
        return self._runs(self._days_of(charge), lambda day: self._rests_on(charge, day))

    @staticmethod
    def _runs(days: Sequence[date], rests: Callable[[date], tuple[object, ...]]) -> list[Part]:
        found: list[Part] = []
        for _, run in groupby(
            enumerate(days),
            key=lambda one: (one[1].toordinal() - one[0], *rests(one[1])),
        ):
            together = [day for _, day in run]
            found.append((together[0], together[-1] + timedelta(days=1)))
        return found

    def _rests_on(self, charge: Charge, day: date) -> tuple[object, ...]:
        entry = self.sheets.entry
        if charge["kind"] in ("per_bill", "minimum"):
            return ()
        rests: tuple[object, ...] = (entry(charge["price"], day),)
        if "period" in charge:
            rests += (entry(self.schedule["windows"], day),)
        rule = self.block_rule(charge)
        if rule is not None:
            mates = [one for one in self.charges if self._same_blocks(one, charge)]
            rests += tuple(entry(one["price"], day) for one in mates)
            rests += tuple(entry(name, day) for name in rule["limits"])
            if any("period" in one for one in mates):
                rests += (entry(self.schedule["windows"], day),)
            if rule["per"] == "kw":
                rests += self.meter.demand_rests_on(rule.get("demand", ""), day)
        if charge["kind"] in ("demand", "reactive"):
            rests += self.meter.demand_rests_on(charge.get("demand", ""), day)
        if "over" in charge:
            rests += self.meter.demand_rests_on(charge["over"], day)
        if "beyond" in charge:
            rests += (entry(charge["beyond"], day),)
        return rests

    def block_rule(self, charge: Charge) -> dict[str, Any] | None:
        if "block_set" in charge:
            (rule,) = [
                one for one in self.schedule["block_sets"] if one["name"] == charge["block_set"]
            ]
            return dict(rule)
        if "block" in charge:
            return {"name": "", "limits": [self.schedule["block_limit"]], "per": "month"}
        return None

    @staticmethod
    def _same_blocks(one: Charge, other: Charge) -> bool:
        keys = ("block_set", "season", "kind")
        return "block" in one and all(one.get(key) == other.get(key) for key in keys)

    def _segments(self) -> list[Part]:
        """The window cut where its season changes, or where it cuts a line for energy."""
        beside = [one for program in self.programs for one in program["charges"]]
        for_energy = [one for one in self.charges + beside if one["kind"] in ("energy", "rider")]
        begins = {part[0] for charge in for_energy for part in self.parts(charge)}
        begins |= {part[1] for charge in for_energy for part in self.parts(charge)}

        def rests(day: date) -> tuple[object, ...]:
            return self.meter.season(day), sum(begin <= day for begin in begins)

        return self._runs(self.days, rests)

    def _refuse_silent_days(self) -> None:
        """A value that a charge names is in force on every day of the charge, else no bill."""
        for charge in self.charges:
            for day in self._days_of(charge):
                if charge["kind"] != "per_bill":
                    self.sheets.entry(charge["price"], day)

    # ---------------------------------------------------------------------------------- lines

    def _lines_of(self, charge: Charge) -> Iterator[Line | None]:
        kind = charge["kind"]
        if kind == "per_bill":
            price = self._price(charge["price"], self.last)
            yield self._line(charge, self.window, Fraction(1), price)
        elif kind == "minimum":
            yield self._minimum(charge)
        else:
            for part in self.parts(charge):
                quantity, amount = self._quantity(charge, part)
                line = self._line(charge, part, quantity, amount)
                yield line

    def _line(self, charge: Charge, part: Part, quantity: Fraction, usd: Fraction) -> Line:
        cents = half_up(usd * 100)
        return Line(
            charge["code"], part[0], part[1], cents, charge["kind"], quantity, group_of(charge)
        )

    def _price(self, name: str, day: date) -> Fraction:
        return self.sheets.number(name, day)

    def _quantity(self, charge: Charge, part: Part) -> tuple[Fraction, Fraction]:
        """The quantity and the exact dollars of one part."""
        kind, price, share = charge["kind"], self._price(charge["price"], part[0]), self.share(part)
        if kind == "monthly":
            return share, share * price
        if kind == "daily":
            return Fraction((part[1] - part[0]).days), (part[1] - part[0]).days * price
        if kind in ("energy", "rider"):
            kwh = Fraction(self._energy_wh(charge, part), 1000)
            return kwh, kwh * price
        if kind == "percent":
            usd = Fraction(0)
            for line in self._above(charge):
                both = min(part[1], line.day_until) - max(part[0], line.day_from)
                share_of = Fraction(max(0, both.days), (line.day_until - line.day_from).days)
                usd += Fraction(line.cents, 100) * share_of
            return usd, usd * price
        watts = self.meter.demand_w(charge.get("demand", ""), part)
        if kind == "demand":
            if "over" in charge:
                watts = max(0, watts - self.meter.demand_w(charge["over"], part))
            return Fraction(watts), Fraction(watts, 1000) * price * share
        if kind == "reactive":
            if self.usage.reactive_var is None:
                raise CannotPrice("reactive demand is not known")
            free = self.sheets.number(charge["beyond"], part[0]) * watts // 1
            var = Fraction(max(0, self.usage.reactive_var - int(free)))
            return var, var / 1000 * price * share
        raise CannotPrice(f"a charge of kind {kind}")

    def _energy_wh(self, charge: Charge, part: Part) -> int:
        rule = self.block_rule(charge)
        if rule is None:
            return self.meter.energy_wh(part, charge.get("period"))
        key = rule["name"], part
        if key not in self._blocks:
            self._blocks[key] = self.meter.blocks_wh(rule, part, self.share(part))
        number = {"first": 1, "over": 2}.get(charge["block"]) or int(charge["block"])
        periods = [charge["period"]] if "period" in charge else self.meter.periods
        return sum(self._blocks[key][number, period] for period in periods)

    def _above(self, charge: Charge) -> list[Line]:
        return [line for line in self.done if line.code in charge["of"]]

    def _minimum_rests_on(self, charge: Charge, day: date) -> tuple[object, ...]:
        rests: tuple[object, ...] = (self.sheets.entry(charge["price"], day),)
        if "demand" in charge:
            rests += (self.sheets.entry(charge["demand_price"], day),)
            rests += self.meter.demand_rests_on(charge["demand"], day)
        return rests

    def _minimum(self, charge: Charge) -> Line | None:
        """What the lines so far lack of the least that is billed."""
        days, least = self._days_of(charge), Fraction(0)
        for part in self._runs(days, lambda day: (self.sheets.entry(charge["price"], day),)):
            least += self.share(part) * self._price(charge["price"], part[0])
        if "demand" in charge:  # over parts of its own: those of its price and of its demand
            for part in self._runs(days, lambda day: self._minimum_rests_on(charge, day)[1:]):
                kw = Fraction(self.meter.demand_w(charge["demand"], part), 1000)
                least += self.share(part) * kw * self._price(charge["demand_price"], part[0])
        lacks = half_up(least * 100) - sum(line.cents for line in self._above(charge))
        if lacks <= 0:
            return None
        return self._line(charge, self.window, Fraction(lacks, 100), Fraction(lacks, 100))

    # ----------------------------------------------------------------------- beside a schedule

    def _replace(self, rule: dict[str, Any]) -> None:
        """Solar Blocks take kWh off the lines that they replace, once for each name."""
        block_wh = int(self.sheets.number(rule["block_kwh"], self.window[0]) * 1000 // 1)
        wanted = self.usage.solar_blocks * block_wh
        taken_wh = min(wanted, self.meter.energy_wh(self.window, metered=True))
        for name in rule["replaces"]:
            hit = [
                place
                for place, line in enumerate(self.done)
                if (line.kind == "energy" if name == "energy" else line.code == name)
            ]
            weights = [int(self.done[place].quantity * 1000) for place in hit]
            for place, off_wh in zip(
                hit, shared(min(taken_wh, sum(weights)), weights), strict=True
            ):
                line = self.done[place]
                charge = next(one for one in self.charges if one["code"] == line.code)
                kwh = line.quantity - Fraction(off_wh, 1000)
                price = self._price(charge["price"], line.day_from)
                self.done[place] = self._line(
                    charge, (line.day_from, line.day_until), kwh, kwh * price
                )

    def _program_lines(self, charge: Charge, program: dict[str, Any]) -> list[Line]:
        kind = charge["kind"]
        if kind == "solar_block":
            blocks = Fraction(self.usage.solar_blocks)
            usd = blocks * self._price(charge["price"], self.window[0])
            return [self._line(charge, self.window, blocks, usd)] if blocks else []
        if kind == "net_excess":
            kwh = Fraction(self.meter.excess_wh, 1000)
            cents = half_up(kwh * self._price(charge["price"], self.last) * 100)
            line = self._line(charge, self.window, kwh, Fraction(0))
            return [
                Line(
                    line.code, *self.window, 0, kind, kwh, line.group, granted_cents=cents
                )
            ] if kwh else []  # fmt: skip
        if kind == "net_credit":
            months = int(self.sheets.number(program["net_metering"]["expires_months"], self.last))
            counts = sum(
                cents
                for issued, cents in self.usage.credits
                if self.window[1] <= months_after(issued, months)
            )
            off = min(counts, max(0, sum(line.cents for line in self.done)))
            usd = Fraction(-off, 100)
            return [self._line(charge, self.window, Fraction(off, 100), usd)] if off else []
        return [line for line in self._lines_of(charge) if line and stands(line)]


def group_of(charge: Charge) -> str:
    return str(charge.get("group", "rider" if charge["kind"] == "rider" else "base"))


def stands(line: Line) -> bool:
    """Whether a line is printed: some always, lines of lines for cents, others for a quantity."""
    return line.kind in ALWAYS or bool(line.cents if line.kind in ON_LINES else line.quantity)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    following = date((count + 1) // 12, (count + 1) % 12 + 1, 1)
    return min(first.replace(day=1) + timedelta(days=day.day - 1), following - timedelta(days=1))


__all__ = ["CannotPrice", "Line", "SecondRater", "Silent", "Usage"]
