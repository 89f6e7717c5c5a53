"""What a journey of money is to those who disturb it: a town before it, and the act itself.

Lives here      the noun, and one list that the modules beside this fill.
Lives elsewhere who disturbs it (``test_a_fault_at_every_statement``,
                ``test_many_callers_and_kills``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def nothing() -> None:
    """A journey that needs nobody but the store."""


@dataclass(frozen=True)
class Journey:
    """``town`` makes a store ready, and ``act`` does the same each time it is called.

    ``outside`` makes the others that it talks to, as they are after the town was made: a lake, a
    processor. Both are made of the same instants each time, so that rows are the same to the byte.
    """

    name: str
    town: Callable[[Any], None]
    act: Callable[[Any, Any], Any]
    outside: Callable[[], Any] = nothing
    ends_alike: bool = True
    """False where a fall may leave another end than the undisturbed one (and it says so itself)."""


JOURNEYS: list[Journey] = []


def journey(
    name: str,
    town: Callable[[Any], None],
    outside: Callable[[], Any] = nothing,
    *,
    ends_alike: bool = True,
) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]:
    """Put an act into the list."""

    def add(act: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        JOURNEYS.append(Journey(name, town, act, outside, ends_alike))
        return act

    return add
