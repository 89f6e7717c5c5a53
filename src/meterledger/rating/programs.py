"""Programmes beside a schedule: which charges they add, and what they do to its energy.

Lives here      whether a schedule may have a programme; Solar Blocks and netting in a plan.
Lives elsewhere the arithmetic (``netting``), who takes part (``programs``, the room).
Read first      docs/reference/tariff_files.md, "A programme beside a schedule".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.rating.parts import NetPlan, SolarPlan
from meterledger.rating.plan_shapes import LinePlan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import (
    ENERGY_KINDS,
    ChargeKind,
    ChargeRule,
    Program,
    Solar,
)
from meterledger.rulebook.series import DatedValue

ENERGY = "energy"
REPLACEMENT, CHARGE_DATE = "solar.replacement_order", "solar.charge_date_basis"
CARRIED_OUT = {REPLACEMENT: "in_proportion", CHARGE_DATE: "first_day_of_billing_month"}
"""The options of readings that this calculation carries out."""


class ProgramNotOpen(Refusal):
    """A programme is not for a schedule, or not together with another."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The programmes beside one schedule in one window.

    ``stands_on``  values that say what solar or netting does to lines per kWh
    """

    programs: tuple[DatedValue[Program], ...]
    solar_rule: Solar | None
    block_wh: int
    net: NetPlan | None
    stands_on: tuple[DatedValue[Any], ...]
    reading_keys: tuple[str, ...]

    @property
    def charges(self) -> tuple[ChargeRule, ...]:
        """The charges of all of them, in their order."""
        return tuple(charge for one in self.programs for charge in one.value.charges)

    def marked(self, lines: Sequence[LinePlan]) -> list[LinePlan]:
        """The lines, with the clauses of what a programme does to their energy or charge."""
        return [self._marked(line) for line in lines]

    def _marked(self, line: LinePlan) -> LinePlan:
        charges = {rule.code: dated for dated in self.programs for rule in dated.value.charges}
        own = charges.get(line.rule.code)
        keys: tuple[str, ...] = ()
        found: list[DatedValue[Any]] = []
        if own is not None:
            found = [own]
            if line.rule.kind is ChargeKind.NET_CREDIT:
                found += self.stands_on
            if line.rule.kind is ChargeKind.SOLAR_BLOCK:
                keys = tuple(key for key in self.reading_keys if key == CHARGE_DATE)
        elif self.net is not None and line.rule.kind in ENERGY_KINDS:
            found = list(self.stands_on)
        elif self.solar_rule is not None and _replaces(self.solar_rule, line):
            found = list(self.stands_on)
            keys = tuple(key for key in self.reading_keys if key == REPLACEMENT)
        if not found:
            return line
        standings = [dated.standing for dated in found]
        if line.citations:
            standings.append(line.standing)
        return replace(
            line,
            standing=weakest(standings),
            citations=tuple(dict.fromkeys((*line.citations, *(one.citation for one in found)))),
            reading_keys=tuple(dict.fromkeys((*line.reading_keys, *keys))),
        )

    def solar(self, lines: Sequence[LinePlan]) -> SolarPlan | None:
        """Over which lines what a block replaces is shared."""
        if self.solar_rule is None:
            return None
        groups = []
        for name in self.solar_rule.replaces:
            group = [
                number
                for number, line in enumerate(lines)
                if line.rule.kind in ENERGY_KINDS and _is_called(line, name)
            ]
            groups += [tuple(group)] if group else []
        return SolarPlan(self.block_wh, tuple(groups))


def programs_beside(
    view: BookView, schedule_code: str, window: DaySpan, names: Sequence[str]
) -> Beside:
    """The programmes by name, as they stand on the window's first day.

    :raises NoSuchValue: if there is no such programme
    :raises ProgramNotOpen: if one is not for the schedule, or two exclude each other
    """
    programs: list[DatedValue[Program]] = []
    for name in dict.fromkeys(names):
        dated = view.of_kind(name, "program").on(window.from_day)
        if schedule_code not in dated.value.schedules:
            raise ProgramNotOpen(
                f"The programme '{name}' is not open to schedule {schedule_code}",
                why=f"It is for {', '.join(dated.value.schedules)}",
                do="Choose one of these schedules, or leave the programme out",
            )
        programs.append(dated)
    solar = [(one, one.value.solar) for one in programs if one.value.solar]
    net = [(one, one.value.net_metering) for one in programs if one.value.net_metering]
    if len(solar) + len(net) > 1:
        raise ProgramNotOpen(
            f"The programmes {' and '.join(names)} exclude each other",
            why="Each says which energy of the same window is billed",
            do="Name one of them",
        )
    stands_on: list[DatedValue[Any]] = [one for one, _ in (*solar, *net)]
    block_wh, net_plan, rule = 0, None, None
    for _, rule in solar:
        block = view.number(rule.block_kwh).on(window.from_day)
        stands_on.append(block)
        block_wh = to_whole_down(block.value * 1000)
    for _, metering in net:
        months = view.number(metering.expires_months).on(window.last_day)
        stands_on.append(months)
        if months.value.denominator != 1 or months.value < 1:
            raise ProgramNotOpen(
                f"'{metering.expires_months}' is {months.value}, which is no number of months",
                do="Write a whole number of months",
            )
        net_plan = NetPlan(int(months.value))
    keys = _readings(view) if solar else ()
    return Beside(tuple(programs), rule, block_wh, net_plan, tuple(stands_on), keys)


def _readings(view: BookView) -> tuple[str, ...]:
    """The readings that Solar Blocks rest on, as far as the book has them.

    :raises ProgramNotOpen: if one is read as this calculation does not carry out
    """
    known = {record.key for record in view.readings()}
    found = tuple(key for key in CARRIED_OUT if key in known)
    for key in found:
        option = view.reading_option(key)
        if option != CARRIED_OUT[key]:
            raise ProgramNotOpen(
                f"The book reads '{key}' as '{option}'",
                do=f"Use a release that knows this reading, or choose '{CARRIED_OUT[key]}'",
            )
    return found


def _replaces(rule: Solar, line: LinePlan) -> bool:
    return line.rule.kind in ENERGY_KINDS and any(_is_called(line, one) for one in rule.replaces)


def _is_called(line: LinePlan, name: str) -> bool:
    if name == ENERGY:
        return line.rule.kind is ChargeKind.ENERGY
    return line.rule.code == name
