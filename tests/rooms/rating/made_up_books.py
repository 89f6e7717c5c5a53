"""Made-up schedules of every kind of charge, from dice: blocks, demands, lines on lines, revisions.

Lives here      which schedules there may be. Each is sound: all energy is priced exactly once.
Lives elsewhere writing their files (``written_book``), pricing them (test_two_raters_made_up).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.rooms.rating.written_book import (
    BEGIN,
    MONTHS,
    SUMMER_OF_FOUR,
    Revisions,
    WrittenBook,
)

FIRST_DAY = date(2025, 8, 20)
SPREAD = 110  # revisions and windows fall on these days: both seasons, a clock change, holidays
SUMMER_OF_FOUR_BY_MONTH = [
    "summer" if number in SUMMER_OF_FOUR else "winter" for number in range(1, 13)
]


class MadeUpBook:
    """One book with one schedule, ``X``. The same seed gives the same book."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = Random(seed)
        self.book = WrittenBook(folder)
        self.charges: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}
        self.ratchets: list[str] = []
        self.needs_var = False
        self._demands: list[str] = []
        self._billing: list[str] = []
        self._numbered = 0
        self._seasons(Random(f"seasons {seed}"))
        self._calendar()
        self._fixed()
        self._some_demands()
        self._energy()
        self._demand_charges()
        self._riders()
        self._lines_on_lines()
        if not any(one["kind"] in ("monthly", "daily", "per_bill") for one in self.charges):
            self._charge("always", "per_bill", self._price(0, 9_000_000))
        self.book.schedule("X", self.charges, **self.more)
        self.programs: tuple[str, ...] = ()
        self._beside()

    def _seasons(self, dice: Random) -> None:
        """Seasons by the day of service; in some books by the number of the period, to a day."""
        self.cycle = dice.randint(1, 28)
        self.by_period = dice.randrange(100) < 40
        if not self.by_period:
            return
        periods = [dice.choice(["summer", "winter"]) for _ in range(12)]
        months = dict(zip(MONTHS, SUMMER_OF_FOUR_BY_MONTH, strict=True))
        then: list[tuple[date, Any]] = []
        if dice.randrange(100) < 70:
            then.append((FIRST_DAY + timedelta(days=dice.randrange(SPREAD + 40)), months))
            if dice.randrange(100) < 30:
                then.append((then[0][0] + timedelta(days=40), {"by_period": periods[::-1]}))
        self.book.seasons_by_period(periods, then)

    def window(self) -> tuple[date, date]:
        start = FIRST_DAY + timedelta(days=self.dice.randrange(SPREAD))
        return start, start + timedelta(days=self.dice.randint(1, 70))

    # ------------------------------------------------------------------------------ small dice

    def _chance(self, percent: int) -> bool:
        return self.dice.randrange(100) < percent

    def _name(self, word: str) -> str:
        self._numbered += 1
        return f"{word}_{self._numbered}"

    def _days(self) -> list[date]:
        count = self.dice.choice([0, 0, 0, 1, 1, 2, 3])
        days = {FIRST_DAY + timedelta(days=self.dice.randrange(SPREAD + 70)) for _ in range(count)}
        return [BEGIN, *sorted(days)]

    def _revisions(self, make: Any) -> Revisions:
        found = [(day, make()) for day in self._days()]
        if len(found) > 1 and self._chance(20):  # a revision that changes nothing but its clause
            found[1] = (found[1][0], found[0][1])
        return found

    def _price(self, low: int, high: int) -> str:
        def usd() -> str:
            micro = self.dice.randint(low, high)
            sign = "-" if micro < 0 else ""
            return f"{sign}{abs(micro) // 1_000_000}.{abs(micro) % 1_000_000:06d}"

        return self.book.price(self._name("price"), self._revisions(usd))

    def _number(self, choices: list[str]) -> str:
        return self.book.number(
            self._name("number"), self._revisions(lambda: self.dice.choice(choices))
        )

    def _charge(self, code: str, kind: str, price: str, **more: Any) -> None:
        self.charges.append(
            {"code": code, "label": code, "kind": kind, "price": price}
            | {key: value for key, value in more.items() if value is not None}
        )

    # ------------------------------------------------------------------------------- the parts

    def _clock(self, minute: int) -> str:
        return f"{minute // 60:02d}:{minute % 60:02d}"

    def _cut_day(self, names: list[str], step: int) -> dict[str, Any]:
        """Hours of a day: two stretches, perhaps past midnight, and the rest."""
        first, rest = names[0], names[-1]
        edges = sorted(self.dice.sample(range(0, 1440, step), 2 * (len(names) - 1)))
        table: dict[str, Any] = {}
        if len(names) == 2:
            begin, until = edges if self._chance(70) else edges[::-1]
            table[first] = [f"{self._clock(begin)}-{self._clock(until)}"]
        else:
            table[first] = [f"{self._clock(edges[0])}-{self._clock(edges[1])}"]
            table[names[1]] = [f"{self._clock(edges[2])}-{self._clock(edges[3])}"]
        return table | {rest: "otherwise"}

    def _hours(self, word: str, names: list[str], step: int) -> str:
        def value() -> dict[str, Any]:
            days: dict[str, Any] = {"periods": names, "holidays": "holidays"}
            for kind in ("working_days", "weekends_and_holidays"):
                days[kind] = {one: self._cut_day(names, step) for one in ("summer", "winter")}
            return days

        return self.book.hours(self._name(word), self._revisions(value))

    def _calendar(self) -> None:
        self.periods = self.dice.choice([[], [], ["on", "off"], ["on", "mid", "off"]])
        self.step = self.dice.choice([60, 60, 30, 15])
        if self.periods:
            self.more["windows"] = self._hours("hours", self.periods, self.step)

    def _fixed(self) -> None:
        season = self.dice.choice([None, None, None, "summer"])
        if self._chance(70):
            self._charge("fixed", "monthly", self._price(0, 30_000_000), season=season)
        if self._chance(40):
            self._charge("by_day", "daily", self._price(-200_000, 900_000))
        if self._chance(30):
            self._charge("by_bill", "per_bill", self._price(-3_000_000, 3_000_000))

    def _some_demands(self) -> None:
        if self._chance(40):
            return
        for number in range(self.dice.randint(1, 3)):
            minutes = self.dice.choice([15, 30, 60])
            one: dict[str, Any] = {"name": f"measured_{number}", "minutes": minutes}
            if self._chance(60):
                one["hours"] = self._hours("demand_hours", ["counts", "outside"], 60)
            self.more.setdefault("demands", []).append(one)
            self._demands.append(one["name"])
        for number in range(self.dice.choice([0, 1, 1, 2])):
            chosen = self.dice.sample(self._demands, self.dice.randint(1, len(self._demands)))
            rule: dict[str, Any] = {"name": f"billing_{number}", "highest_of": []}
            for name in chosen:
                share = {"share": self._number(["0.5", "0.333333", "0.75", "0"])}
                rule["highest_of"].append({"demand": name} | (share if self._chance(50) else {}))
            if self._chance(50):
                rule["floor"] = self._number(["0", "5", "12.3456", "100"])
            if self._chance(50):
                rule["ratchet"] = {
                    "share": self._number(["0.8", "0.6666", "0.5"]),
                    "periods": self._number(["11", "3", "2"]),
                } | ({"season": "summer"} if self._chance(50) else {})
                self.ratchets.append(rule["name"])
            self.more.setdefault("billing_demands", []).append(rule)
            self._billing.append(rule["name"])

    def _energy(self) -> None:
        for season in ("summer", "winter"):
            split = bool(self.periods) and self._chance(80)
            places: list[str | None] = [*self.periods] if split else [None]
            word = season[0]
            shape = self.dice.choice(["flat", "two", "set", "set"])
            if shape == "flat":
                for period in places:
                    price = self._price(-20_000, 400_000)
                    self._charge(
                        f"e_{word}_{period}", "energy", price, season=season, period=period
                    )
                continue
            blocks, name = self._blocks(shape, season)
            for block in blocks:
                for period in places:
                    self._charge(
                        f"e_{word}_{period}_{block}",
                        "energy",
                        self._price(-20_000, 400_000),
                        season=season,
                        period=period,
                        block=block,
                        block_set=name,
                    )

    def _blocks(self, shape: str, season: str) -> tuple[list[str], str | None]:
        if shape == "two":
            if "block_limit" not in self.more:
                self.more["block_limit"] = self._number(["0", "1", "50.5", "750"])
            return ["first", "over"], None
        name = f"steps_{season}"
        count = self.dice.randint(1, 4)
        known = self._demands + self._billing
        per = self.dice.choice(["month", "kw"]) if known else "month"
        widths = ["0", "10", "33.3", "150"] if per == "kw" else ["0", "7", "100.001", "400"]
        rule = {"name": name, "limits": [self._number(widths) for _ in range(count)], "per": per}
        if per == "kw":
            rule["demand"] = self.dice.choice(known)
        self.more.setdefault("block_sets", []).append(rule)
        return [str(number) for number in range(1, count + 2)], name

    def _demand_charges(self) -> None:
        known = self._demands + self._billing
        for number in range(self.dice.randint(0, 2) if known else 0):
            name = self.dice.choice(known)
            others = [one for one in known if one != name]
            over = self.dice.choice(others) if others and self._chance(30) else None
            season = self.dice.choice([None, "summer", "winter"])
            price = self._price(0, 20_000_000)
            self._charge(f"d_{number}", "demand", price, season=season, demand=name, over=over)
        if known and self._chance(25):
            self.needs_var = True
            beyond = self._number(["0.5", "0.484322", "0"])
            price = self._price(0, 2_000_000)
            self._charge("var", "reactive", price, demand=self.dice.choice(known), beyond=beyond)

    def _riders(self) -> None:
        for number in range(self.dice.randint(0, 3)):
            season = self.dice.choice([None, None, "winter"])
            price = self._price(-9_999, 9_999)
            self._charge(f"r_{number}", "rider", price, season=season)

    def _lines_on_lines(self) -> None:
        for number in range(self.dice.randint(0, 3)):
            above = [one["code"] for one in self.charges]
            of = sorted(self.dice.sample(above, self.dice.randint(1, len(above))))
            if self._chance(50):
                share = self._number(["0.05", "0.075", "-0.1", "1.5"])
                group = self.dice.choice([None, "rider"])
                self._charge(f"pct_{number}", "percent", share, of=of, group=group)
            else:
                demand = self.dice.choice(self._demands + self._billing + [None])  # type: ignore[list-item]
                self._charge(
                    f"min_{number}",
                    "minimum",
                    self._price(0, 60_000_000),
                    of=of,
                    demand=demand,
                    demand_price=self._price(0, 5_000_000) if demand else None,
                )

    def _beside(self) -> None:
        """A programme beside the schedule, or none."""
        kind = self.dice.choice(["none", "none", "solar", "net"])
        value: dict[str, Any] = {"name": kind, "schedules": ["X"]}
        if kind == "solar":
            riders = [one["code"] for one in self.charges if one["kind"] == "rider"]
            value["solar"] = {
                "block_kwh": self._number(["100", "33.3333"]),
                "replaces": ["energy", *self.dice.sample(riders, min(1, len(riders)))],
            }
            price = self._price(0, 14_000_000)
            value["charges"] = [_charge("solar", "solar_block", price)]
            if self._chance(40):
                value["charges"].append(_charge("share", "monthly", self._price(0, 5_000_000)))
        elif kind == "net":
            value["net_metering"] = {"expires_months": self._number(["12", "1", "3"])}
            price = self._price(0, 60_000)
            value["charges"] = [_charge("excess", "net_excess", price)]
            credit = _charge("credit", "net_credit", "")
            del credit["price"]
            value["charges"].append(credit)
        if kind != "none":
            self.programs = (self.book.value(f"program_{kind}", "program", value),)


def _charge(code: str, kind: str, price: str) -> dict[str, Any]:
    return {"code": code, "label": code, "kind": kind, "price": price}
