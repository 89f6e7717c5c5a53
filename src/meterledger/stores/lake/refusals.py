"""What the lake says no to, each with the sentence that a person reads.

Lives here      the situations; their sentences are written where they arise.
Lives elsewhere holding a bill because of one (``usecases``).
"""

from __future__ import annotations

from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import Conflict, MetersRefused


class NotTiling(Refusal):
    """Intervals do not tile the local day, so whole meter-days cannot be made of them."""


class ValueTooLarge(Refusal):
    """A value does not fit the whole numbers that the lake keeps (31 bits and a sign)."""


class TwoDeliveredChannels(Conflict):
    """Two channels claim to be the energy delivered through one meter on the same day."""


class IntervalLengthChanged(Conflict):
    """A meter-day is known with another interval length."""


class DayKnownAlready(Conflict):
    """``write_block`` only writes meter-days that nobody knows yet."""


class FileMissing(Refusal):
    """A published file is not in the lake's folder."""

    is_passing = True


class FileErased(FileMissing):
    """A published file is not there because it was deleted on schedule."""

    is_passing = False


class FileDamaged(Refusal):
    """A published file is not what was published."""

    is_passing = True


class LakeNotWritable(Refusal):
    """The lake's files could not be written; nothing became visible."""

    is_passing = True


__all__ = [
    "DayKnownAlready",
    "FileDamaged",
    "FileMissing",
    "IntervalLengthChanged",
    "LakeNotWritable",
    "MetersRefused",
    "NotTiling",
    "TwoDeliveredChannels",
    "ValueTooLarge",
]


class LakeBusy(Refusal):
    """Somebody else keeps the lake's files right now."""

    is_passing = True
