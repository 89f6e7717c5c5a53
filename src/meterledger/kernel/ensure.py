"""Promises that stay switched on in production."""

from __future__ import annotations


class InvariantBroken(Exception):
    """A promise of ours does not hold. This is a bug: the run stops and a developer decides."""


def ensure(holds: bool, promise: str) -> None:
    """Stop when a promise does not hold. Unlike ``assert``, ``python -O`` keeps it.

    :raises InvariantBroken: naming the promise, if ``holds`` is false
    """
    if not holds:
        raise InvariantBroken(f"Broken promise: {promise}.")
