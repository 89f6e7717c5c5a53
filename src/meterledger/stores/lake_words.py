"""What every store says of the lake's files, in the same words.

Lives here      refusals of compactions and holds, the hash that names a compaction.
Lives elsewhere the promises (``usecases/lake_ports``).
"""

from __future__ import annotations

from meterledger.facts.lake_log import Compaction
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.usecases.ports import Conflict, NotFound


def compaction_sha256(compaction: Compaction) -> str:
    """The hash of what a compaction does: which files speak for which."""
    return sha256_hex(
        canonical_bytes(
            {
                "month": compaction.month,
                "superseded": list(compaction.superseded),
                "lake_files": list(compaction.lake_files),
            }
        )
    )


def lake_month_changed(month: str, based_on: int, newest: int) -> Conflict:
    """Readings of the month were published while its files were put together."""
    return Conflict(
        f"Readings of {month} were published while its files were put together",
        where=f"lake sequence {based_on}, now {newest}",
        why="What came in meanwhile would be hidden, and nothing was changed",
        do="Compact the month again",
    )


def lake_file_spoken_for(name: str, month: str) -> Conflict:
    """Another compaction, or a deletion, was first."""
    return Conflict(
        f"The lake file {name} is replaced or deleted already",
        where=f"compaction of {month}",
        why="Somebody else compacted the month, and nothing was changed",
        do="Nothing is to be done, unless `meterledger lake compact` still finds files",
    )


def hold_known(hold_id: str) -> Conflict:
    """A hold's id is used once."""
    return Conflict(
        f"There is a hold {hold_id} already",
        where="lake holds",
        do="Give the hold another id, or look at it with `meterledger lake holds`",
    )


def no_such_hold(hold_id: str) -> NotFound:
    """No hold of that id is in force."""
    return NotFound(
        f"There is no hold {hold_id[:80]} in force",
        where="lake holds",
        do="List them with `meterledger lake holds`",
    )
