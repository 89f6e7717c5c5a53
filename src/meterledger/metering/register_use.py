"""Use between two readings of a register: a difference, a rollover, or a step back.

Lives here      telling a register that began at zero again from one that stepped back, and the use
                over several readings, exchanges included.
Lives elsewhere noticing steps back in a file (``registers``), intervals against the register
                (``usage``), what the most plausible load is (the book).
Read first      facts/meters.py: ``Register``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from meterledger.facts.meters import Register
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal


class RegisterStep(Enum):
    """What lies between two readings."""

    FORWARD = "forward"
    ROLLOVER = "rollover"
    BACKWARD = "backward"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True, order=True)
class RegisterValue:
    """What a register showed: units of its last decimal, at an instant (UTC epoch seconds)."""

    at: int
    shown: int


@dataclass(frozen=True, slots=True)
class RegisterUse:
    """The use between two readings in units of the last decimal, its multiplier applied.

    ``used`` is None where the step is no use: a step back, or more than could have flowed.
    """

    before: RegisterValue
    after: RegisterValue
    step: RegisterStep
    used: int | None


class RegisterValueImpossible(Refusal):
    """A register cannot show such a value, or two readings are not in order of time."""


def use_between(
    register: Register, before: RegisterValue, after: RegisterValue, *, most_per_hour: int
) -> RegisterUse:
    """Use between two readings of one register of one meter.

    ``most_per_hour`` is the most that can flow in an hour, in units of the last decimal before the
    multiplier; what lies above it is no use. A register that shows less than before has rolled over
    only if the way over its last figure is short enough to have happened in the time between, and a
    way back is not shorter: a small step back is never a rollover.

    :raises RegisterValueImpossible: if a value has more figures than the register, or the second
        reading is not after the first
    """
    ensure(most_per_hour > 0, "something can flow in an hour")
    for one in (before, after):
        if not 0 <= one.shown < register.rolls_over_at:
            raise RegisterValueImpossible(
                f"Register {register.name} cannot show {one.shown}",
                why=f"It has {register.digits} figures and {register.decimals} decimals",
                do="Correct the reading, or the register's figures in the meter's configuration",
            )
    if after.at <= before.at:
        raise RegisterValueImpossible(
            f"Two readings of register {register.name} are not in order of time",
            do="Give the earlier reading first; of one instant there is one reading",
        )
    most = -(-most_per_hour * (after.at - before.at) // 3600)
    forward = after.shown - before.shown
    if forward >= 0:
        if forward > most:
            return RegisterUse(before, after, RegisterStep.TOO_LARGE, None)
        return RegisterUse(before, after, RegisterStep.FORWARD, forward * register.multiplier)
    over = forward + register.rolls_over_at
    if over <= most and over < -forward:
        return RegisterUse(before, after, RegisterStep.ROLLOVER, over * register.multiplier)
    return RegisterUse(before, after, RegisterStep.BACKWARD, None)


def use_over(
    register: Register, readings: Sequence[RegisterValue], *, most_per_hour: int
) -> tuple[RegisterUse, ...]:
    """Use between each two neighbors of readings in order of time.

    :raises RegisterValueImpossible: as ``use_between``
    """
    return tuple(
        use_between(register, before, after, most_per_hour=most_per_hour)
        for before, after in pairwise(readings)
    )
