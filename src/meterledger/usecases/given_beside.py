"""What is given beside the energy of one window: demands, kvar, history, programmes, credits.

Lives here      these facts of one window, as rating takes them, and their form in a file.
Lives elsewhere what needs them and how they are priced (``rating``).
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent" and "Stories".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from meterledger import rating
from meterledger.billing import LAST_DAY_OF_EVERY_MONTH
from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import DayValues, TiledUsage, UsageBatch
from meterledger.facts.window_facts import DemandHistory, NetCredits, WindowFacts
from meterledger.kernel.local_days import day_start_utc, intervals_in_day, zone
from meterledger.kernel.money import (
    NotMoney,
    cents_from_text,
    shown,
    whole_from_decimal_text,
    whole_from_text,
)
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.schedule import ChargeKind
from meterledger.rulebook.yaml_nodes import Node

GIVEN_KEYS = frozenset(
    {
        "kw",
        "kvar",
        "history",
        "programs",
        "solar_blocks",
        "received_kwh",
        "credits",
        "load",
        "cycle",
    }
)
THE_DEMAND = ""
"""The name under which a demand is given where the schedule has one only."""
QUARTER_HOUR = 900
MOST_BLOCKS = 100_000
MOST_THOUSANDTHS = 10**12
"""A billion kWh, kW or kvar: more is nothing that one service has, and beyond 64-bit sums."""


class DemandNotGiven(Refusal):
    """A demand is given that a schedule does not have, or of several it is not said which."""


class NobodyAsks(Refusal):
    """A fact is given that neither the schedule nor a programme beside it counts."""


@dataclass(frozen=True, slots=True)
class GivenBeside:
    """Facts of one window beside its energy; None where nobody said anything.

    ``demands_w``  watts of measured demands by name, or under ``THE_DEMAND``
    ``history``    by billing demand: (day after the period's last, watts), newest first
    ``new``        billing demands whose history begins with the service
    ``credits``    (day of issue, cents left), oldest first
    ``cycle``      the reading cycle, where seasons go by the number of the billing period
    """

    programs: tuple[str, ...] = ()
    demands_w: Mapping[str, int] = field(default_factory=dict)
    reactive_var: int | None = None
    history: Mapping[str, tuple[tuple[date, int], ...]] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    solar_blocks: int | None = None
    received: int | UsageBatch | TiledUsage | None = None
    credits: tuple[tuple[date, int], ...] | None = None
    cycle: int | None = None

    def demands(self, plan: rating.RatePlan) -> dict[str, list[int]]:
        """Watts of each demand of the plan that is given.

        :raises DemandNotGiven: if one is not the schedule's, or it is not said which is given
        """
        known = [one.name for one in plan.demands]
        if THE_DEMAND in self.demands_w and len(known) != 1:
            told = f"the demands {' and '.join(known)}" if known else "no demand by name"
            raise DemandNotGiven(
                f"One demand is given, and schedule {plan.schedule.code} has {told}",
                do="Say of which: NAME=KW for each" if known else "Leave the demand out",
            )
        if THE_DEMAND in self.demands_w and len(self.demands_w) > 1:
            raise DemandNotGiven(
                f"The demand {known[0]} of schedule {plan.schedule.code} is given twice",
                do="Give it once, with its name or without",
            )
        found = {name or known[0]: [watts] for name, watts in self.demands_w.items()}
        unknown = sorted(set(found) - set(known))
        if unknown:
            raise DemandNotGiven(
                f"Schedule {plan.schedule.code} measures no demand '{unknown[0]}'",
                do=f"Name one of {', '.join(known)}" if known else "Leave the demand out",
            )
        return found

    def ensure_asked(self, plan: rating.RatePlan) -> None:
        """Refuse a fact that the bill would leave aside without a word.

        :raises NobodyAsks: naming the fact, and where it would count
        """
        code, schedule = plan.schedule.code, plan.schedule
        program = "Name the programme that does, under programs, or leave it out"
        if self.received is not None and plan.net is None:
            raise NobodyAsks(
                f"Energy received is given, and nothing nets it on schedule {code}", do=program
            )
        if self.credits is not None and plan.net is None:
            raise NobodyAsks(
                f"Credits are given, and nothing takes them off on schedule {code}", do=program
            )
        if self.solar_blocks is not None and plan.solar is None:
            raise NobodyAsks(
                f"Solar Blocks are given, and nothing replaces energy on schedule {code}",
                do=program,
            )
        kinds = {charge.kind for charge in schedule.charges}
        if self.reactive_var is not None and ChargeKind.REACTIVE not in kinds:
            raise NobodyAsks(
                f"kvar are given, and schedule {code} has no charge for them", do="Leave them out"
            )
        looks_back = [one.name for one in schedule.billing_demands if one.ratchet is not None]
        for name in self.history:
            if name not in looks_back:
                raise NobodyAsks(
                    f"Demand before is given for '{name}', which schedule {code} does not look at",
                    do=f"Name one of {', '.join(looks_back)}"
                    if looks_back
                    else "Leave the history out",
                )

    def facts(self, plan: rating.RatePlan) -> WindowFacts:
        """The facts as rating takes them: one row."""
        return WindowFacts(
            history={
                name: DemandHistory(
                    ends=np.array([[day.toordinal() for day, _ in periods]], dtype=np.int64),
                    watts=np.array([[watts for _, watts in periods]], dtype=np.int64),
                    from_service=np.array([name in self.new]),
                )
                for name, periods in self.history.items()
            },
            reactive_var=_one(self.reactive_var),
            solar_blocks=_one(self.solar_blocks),
            received=self._received(plan),
            credits=None
            if self.credits is None
            else NetCredits(
                issued=np.array([[day.toordinal() for day, _ in self.credits]], dtype=np.int64),
                cents=np.array([[cents for _, cents in self.credits]], dtype=np.int64),
            ),
        )

    def _received(self, plan: rating.RatePlan) -> Determinants | None:
        if self.received is None:
            return None
        if isinstance(self.received, int):
            names = {one.name: [0] for one in plan.demands}
            return rating.determine_by_days([self.received], plan, names)
        if isinstance(self.received, TiledUsage):
            return rating.determine_tiled(self.received, plan)
        return rating.determine(self.received, plan)


NOTHING_GIVEN = GivenBeside()


def _one(value: int | None) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    return None if value is None else np.array([value], dtype=np.int64)


def given_beside(keys: Mapping[str, Node]) -> GivenBeside:
    """The facts that a story or a file of ``rate --known`` gives; other keys are not looked at.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    history = keys["history"].value if "history" in keys else {}
    if "history" in keys and keys["history"].kind != "map":
        raise keys["history"].refuse("A history is by billing demand", "Write NAME: [periods]")
    found = {name: _history(node) for name, node in history.items()}
    return GivenBeside(
        programs=_names(keys["programs"]) if "programs" in keys else (),
        demands_w=_demands(keys["kw"]) if "kw" in keys else {},
        reactive_var=_thousandths(keys["kvar"], "kvar") if "kvar" in keys else None,
        history={name: periods for name, (periods, _) in found.items()},
        new=frozenset(name for name, (_, new) in found.items() if new),
        solar_blocks=_count(keys["solar_blocks"]) if "solar_blocks" in keys else None,
        received=_thousandths(keys["received_kwh"], "kWh") if "received_kwh" in keys else None,
        credits=_credits(keys["credits"]) if "credits" in keys else None,
        cycle=_cycle(keys["cycle"]) if "cycle" in keys else None,
    )


def _names(node: Node) -> tuple[str, ...]:
    names = tuple(one.text() for one in node.items())
    twice = next((name for n, name in enumerate(names) if name in names[:n]), None)
    if twice is not None:
        raise node.refuse(f"The programme {shown(twice)} is named twice", "Name each once")
    return names


def _demands(node: Node) -> dict[str, int]:
    if node.kind == "map":
        return {name: _thousandths(one, "kW") for name, one in node.value.items()}
    return {THE_DEMAND: _thousandths(node, "kW")}


def _history(node: Node) -> tuple[tuple[tuple[date, int], ...], bool]:
    keys = node.mapping(required=frozenset({"periods"}), allowed=frozenset({"begins_with_service"}))
    none = keys["periods"].kind == "list" and not keys["periods"].value
    periods = []
    for one in [] if none else keys["periods"].items():
        period = one.mapping(required=frozenset({"until", "kw"}), allowed=frozenset())
        periods.append((period["until"].day(), _thousandths(period["kw"], "kW")))
    new = keys["begins_with_service"].flag() if "begins_with_service" in keys else False
    return tuple(periods), new


def _credits(node: Node) -> tuple[tuple[date, int], ...]:
    none = node.kind == "list" and not node.value
    found = []
    for one in [] if none else node.items():
        credit = one.mapping(required=frozenset({"issued", "usd"}), allowed=frozenset())
        try:
            cents = cents_from_text(credit["usd"].as_written(), where="")
        except NotMoney as problem:
            raise credit["usd"].refuse(problem.what, 'Write dollars in quotes: "1.20"') from None
        found.append((credit["issued"].day(), cents))
    return tuple(found)


def _thousandths(node: Node, unit: str) -> int:
    whole = whole_from_decimal_text(node.as_written(), decimals=3)
    if whole is None or not 0 <= whole <= MOST_THOUSANDTHS:
        raise node.refuse(
            f"{shown(node.as_written())} is not a quantity in {unit}",
            'Write it in quotes, with at most three decimals: "812.5", and no more than '
            f"{MOST_THOUSANDTHS // 1000}",
        )
    return whole


def _count(node: Node) -> int:
    text = node.as_written()
    count = whole_from_text(text)
    if count is None or not 0 <= count <= MOST_BLOCKS:
        raise node.refuse(f"{shown(text)} is not a number of blocks", 'Write it in quotes: "3"')
    return count


def _cycle(node: Node) -> int:
    text = node.as_written()
    cycle = whole_from_text(text)
    if cycle is None or not 1 <= cycle <= LAST_DAY_OF_EVERY_MONTH:
        raise node.refuse(
            f"{shown(text)} is no reading cycle",
            f'Write the number of one, 1 to {LAST_DAY_OF_EVERY_MONTH}, in quotes: "5"',
        )
    return cycle


def load_of(node: Node) -> tuple[tuple[int, int, int], ...]:
    """A load by hours of the day, the same every day: (from minute, until minute, watts).

    :raises TariffFileBroken: if the hours do not fill the day, or kW are not whole watts of fours
    """
    if node.kind != "map" or not node.value:
        raise node.refuse("A load is given by hours", 'Write {"00:00-24:00": "2"}')
    found = []
    for hours, kw in node.value.items():
        begin, _, end = hours.partition("-")
        watts = _thousandths(kw, "kW")
        if watts % 4:
            raise kw.refuse("A quarter-hour of this load is no whole watt-hours", "Round the kW")
        found.append((_minute(begin, node), _minute(end, node), watts))
    found.sort()
    edges = [0, *(stop for _, stop, _ in found)]
    if edges[-1] != 1440 or [start for start, _, _ in found] != edges[:-1]:
        raise node.refuse("The hours of a load fill the day once", 'Begin at "00:00", end at 24:00')
    return tuple(found)


def _minute(clock: str, node: Node) -> int:
    told = re.fullmatch(r"([0-9]{1,2}):(00|15|30|45)", clock)
    if told is None or int(told[1]) * 60 > 1440:
        raise node.refuse(
            f"{shown(clock)} is no quarter of an hour", 'Write hours as "15:00-19:00"'
        )
    return int(told[1]) * 60 + int(told[2])


def load_usage(
    load: tuple[tuple[int, int, int], ...], window: DaySpan, zone_name: str
) -> UsageBatch:
    """Quarter-hours of a load over a window, placed by the local clock."""
    local = zone(zone_name)
    days = []
    for day in window.days():
        start = day_start_utc(day, zone_name)
        row = []
        for slot in range(intervals_in_day(day, zone_name, QUARTER_HOUR)):
            at: datetime = (start + timedelta(seconds=slot * QUARTER_HOUR)).astimezone(UTC)
            clock = at.astimezone(local)
            minute = clock.hour * 60 + clock.minute
            row.append(next(watts // 4 for begin, end, watts in load if begin <= minute < end))
        values = np.array([row], dtype=np.int64)
        days.append(DayValues(day, values, np.zeros(values.shape, dtype=bool)))
    return UsageBatch(("load",), QUARTER_HOUR, zone_name, tuple(days))
