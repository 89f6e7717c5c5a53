"""What both stores mean by odd about a day, in the same words.

Lives here      which channels of a file are of a wrong length, and which lines name one time.
Lives elsewhere what is said of a line that is set aside (``gateways.gather``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from meterledger.facts.readings import Commodity, Flow
from meterledger.stores.kept import DELIVERED_FLOWS
from meterledger.usecases.day_fact_ports import SetAsideReading

MOST_PAST = 6 * 3600
PLAIN_DAY = 86_400
ONE_TIME = "Two readings say different things of "
"""How ``gateways.gather`` begins the sentence about readings of one time."""


def is_of_wrong_length(
    commodity: Commodity, flow: Flow, first: int, last: int, *, begin: int, until: int
) -> bool:
    """Whether a channel begins with the day, and neither ends with it nor is a part of it."""
    return (
        commodity is Commodity.ELECTRICITY
        and flow in DELIVERED_FLOWS
        and first == begin
        and last != until
        and (until < last < until + MOST_PAST or last - first == PLAIN_DAY)
    )


def of_one_time(
    lines: Iterable[tuple[str, bytes]], *, begin: int, until: int
) -> tuple[SetAsideReading, ...]:
    """Of reasons and bytes of a file's lines: those about one time of the day, by that time."""
    first, last = (_text(instant) for instant in (begin, until))
    told = (
        SetAsideReading(reason[len(ONE_TIME) :][: len(first)], data)
        for reason, data in lines
        if reason.startswith(ONE_TIME)
    )
    inside = (one for one in told if first <= one.time < last)
    return tuple(sorted(inside, key=lambda one: (one.time, one.data)))


def _text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
