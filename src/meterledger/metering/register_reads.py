"""Actual reads of one register: which values are some, in its own units, and what lies between two.

Lives here      telling an actual read from one that its sender estimated or doubts; values of files
                in units of the register's last decimal; energy between two reads to the watt-hour.
Lives elsewhere rollover and steps back (``register_use``), which reads a bill stands on
                (``usecases/register_usage``).
Read first      facts/meters.py: ``Register``; docs/decisions/0018-bills-of-registers.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.facts.meters import Register
from meterledger.facts.readings import Flow, Quality
from meterledger.facts.registers import KnownRegisterValue
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.money import whole_from_decimal_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.metering.register_use import RegisterUse, RegisterValue, use_between
from meterledger.rulebook.forms import number_text

ACTUAL = frozenset({Quality.VALID, Quality.RAW, Quality.ADJUSTED})
"""A value that its sender estimated, substituted or doubts is no actual read."""

UNIT_POWER = {"Wh": 0, "kWh": 3, "MWh": 6}


class RegisterReadImpossible(Refusal):
    """A value cannot be what the register showed."""


@dataclass(frozen=True, slots=True)
class MeteredRegister:
    """A register of a meter where it is installed.

    ``constant`` is what its files multiply by, ``installed`` the multiplier of its place (the
    transformers'); ``most_per_hour`` as ``use_between`` takes it.
    """

    register: Register
    constant: int
    installed: int
    most_per_hour: int

    @property
    def unit_wh(self) -> Fraction:
        """Watt-hours of the last decimal, before any multiplier."""
        power = UNIT_POWER[self.register.unit] - self.register.decimals
        return Fraction(10) ** power

    @property
    def multiplier(self) -> int:
        """All that its use is multiplied by."""
        return self.register.multiplier * self.constant * self.installed

    def between(self, before: RegisterValue, after: RegisterValue) -> RegisterUse:
        """What lies between two reads; see ``use_between``."""
        return use_between(self.register, before, after, most_per_hour=self.most_per_hour)

    def energy_wh(self, use: RegisterUse) -> int | None:
        """Whole watt-hours between two reads; None where the step is no use.

        A register finer than a watt-hour is cut to whole ones, read by read, so that what is cut
        from one period is billed in the next.
        """
        if use.used is None:
            return None
        units = use.used // self.register.multiplier
        before = to_whole_down(use.before.shown * self.unit_wh)
        after = to_whole_down((use.before.shown + units) * self.unit_wh)
        return (after - before) * self.multiplier

    def total_wh(self, shown: int) -> int:
        """All that the register shows, as energy."""
        return to_whole_down(shown * self.unit_wh) * self.multiplier

    def figures(self, shown: int, ahead_wh: int = 0) -> str:
        """The figures as they stand there, some energy beyond ``shown``; cut, never rounded up."""
        ahead = to_whole_down(Fraction(ahead_wh, self.multiplier) / self.unit_wh)
        units = (shown + ahead) % self.register.rolls_over_at
        text = str(units).zfill(self.register.digits + self.register.decimals)
        if self.register.decimals == 0:
            return text
        return f"{text[: -self.register.decimals]}.{text[-self.register.decimals :]}"


@dataclass(frozen=True, slots=True)
class ActualReads:
    """Reads in order of time, and the instants at which two values cannot both be true."""

    reads: tuple[RegisterValue, ...]
    disagree: tuple[int, ...]
    constant: int


def actual_reads(register: Register, values: Iterable[KnownRegisterValue]) -> ActualReads:
    """The actual reads among values, in units of the register's last decimal.

    :raises RegisterReadImpossible: if a value is finer than the register shows, has more figures,
        or files multiply by several constants or by none that is whole
    """
    told = [
        one for one in values if one.quality in ACTUAL and one.flow in (register.flow, Flow.UNKNOWN)
    ]
    constant = _constant({one.constant for one in told}, register)
    shown: dict[int, set[int]] = defaultdict(set)
    for one in told:
        shown[one.at].add(_shown(register, one, constant))
    return ActualReads(
        reads=tuple(
            RegisterValue(at, next(iter(some)))
            for at, some in sorted(shown.items())
            if len(some) == 1
        ),
        disagree=tuple(at for at, some in sorted(shown.items()) if len(some) > 1),
        constant=constant,
    )


def _constant(told: set[str], register: Register) -> int:
    try:
        constants = {Fraction(one) for one in told} or {Fraction(1)}
    except ValueError:
        constants = set()
    if len(constants) == 1:
        (constant,) = constants
        if constant.denominator == 1 and constant > 0:
            return int(constant)
    raise RegisterReadImpossible(
        f"The readings of register {register.name} were multiplied by "
        f"{' and by '.join(sorted(told))}",
        why="Figures of a register can be told from its readings by one whole constant alone",
        do="Correct the constant at the source, and send the readings again",
    )


def _shown(register: Register, one: KnownRegisterValue, constant: int) -> int:
    power = one.power - UNIT_POWER[register.unit] + register.decimals
    exact = one.value * Fraction(10) ** power / constant
    if exact.denominator != 1 or not 0 <= exact < register.rolls_over_at:
        raise RegisterReadImpossible(
            f"Register {register.name} of {register.digits} figures and {register.decimals} "
            f"decimals cannot show {number_text(exact / 10**register.decimals)} {register.unit}",
            do="Correct the reading, or the register's figures in the meter's configuration",
        )
    return int(exact)


def first_on(reads: Sequence[RegisterValue], day: date, zone_name: str) -> RegisterValue | None:
    """The read that stands for the midnight that begins a local day: the first of that day."""
    begin = int(day_start_utc(day, zone_name).timestamp())
    until = int(day_start_utc(date.fromordinal(day.toordinal() + 1), zone_name).timestamp())
    return next((one for one in reads if begin <= one.at < until), None)


def shown_from_text(register: Register, figures: str) -> int:
    """``04321.5`` as units of the last decimal, for figures a person wrote down.

    :raises RegisterReadImpossible: if it has more figures or decimals than the register
    """
    whole, _, part = figures.partition(".")
    shown = whole_from_decimal_text(figures, decimals=register.decimals)
    if shown is None or shown < 0 or len(whole) > register.digits or len(part) > register.decimals:
        raise RegisterReadImpossible(
            f"Register {register.name} of {register.digits} figures and {register.decimals} "
            f"decimals cannot show {figures[:40]}",
            do="Correct the reading of the visit, or the register's figures",
        )
    return shown
