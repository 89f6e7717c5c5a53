"""A bill that people keep back, which a run was about to record: refused alone, by every store.

Lives here      the two refusals, which say of a bill why it stays.
Lives elsewhere the words (``stores.held_words``), leaving it out of its batch (``record_batches``).
"""

from __future__ import annotations

from meterledger.usecases.ports import Conflict


class KeptBack(Conflict):
    """A bill was about to leave that people keep back: its case says how it may leave.

    ``excluded`` where a person has excluded its window; else two people have not let it go.
    """

    excluded = False
    code = "gate.ceiling"


class KeptBackExcluded(KeptBack):
    """A bill was about to leave whose window a person has excluded meanwhile."""

    excluded = True


class KeptBackTogether(KeptBack):
    """A bill was about to leave whose meters are not those that are arranged now."""

    code = "together.changed"
