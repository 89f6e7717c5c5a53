"""Rounding with a name. Each printed line is rounded once, half up; limits round down."""

from __future__ import annotations

from fractions import Fraction


def to_whole_half_up(exact: Fraction) -> int:
    """Round to a whole number, halves away from zero (a credit rounds like a charge)."""
    doubled = abs(exact) * 2
    magnitude = (doubled.numerator + doubled.denominator) // (2 * doubled.denominator)
    return magnitude if exact >= 0 else -magnitude


def to_cents_half_up(exact_usd: Fraction) -> int:
    """Round an exact amount of dollars to whole cents, halves away from zero."""
    return to_whole_half_up(exact_usd * 100)


def to_whole_down(exact: Fraction) -> int:
    """Round down to a whole number: what a "not to exceed" leaves room for."""
    return exact.numerator // exact.denominator


def share_whole(total: int, weights: list[int]) -> list[int]:
    """Share a whole number by weights into whole parts that sum to it exactly.

    Part k ends at the floor of the running share, so that no part is off by more than one and
    the order of the parts alone decides where a remainder goes. All weights zero: all to the last.
    """
    weight_sum = sum(weights)
    if weight_sum == 0:
        return [0] * (len(weights) - 1) + [total]
    parts: list[int] = []
    run = 0
    given = 0
    for weight in weights:
        run += weight
        upto = total * run // weight_sum
        parts.append(upto - given)
        given = upto
    return parts
