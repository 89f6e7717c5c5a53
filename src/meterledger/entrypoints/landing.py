"""One round over a landing folder: every complete file through the one way in, then moved.

Lives here      the order: taken, accounted for, then moved; what is said of each file.
Lives elsewhere the folder (``stores/landing``), the journey (``usecases.take_file``), waiting
                (``cli/intake``).
"""

from __future__ import annotations

from typing import Any

from meterledger.entrypoints.intake import answer_of, refused_answer, take
from meterledger.entrypoints.wiring import System
from meterledger.kernel.refusal import Refusal
from meterledger.stores.gateways import raw_bytes
from meterledger.stores.landing import LabelUnreadable, Landed, LandingFolder
from meterledger.usecases.take_file import Delivery, refuse_unreadable

DOOR = "landing folder"


def one_round(
    landing: LandingFolder, system: System, *, settle_seconds: int, source: str = ""
) -> list[dict[str, Any]]:
    """Take every file that is complete now; the answers in ``ingest``'s shape.

    ``source`` is who puts files there, where no label beside a file says. A file that cannot be
    taken now (it may not be opened, the disk is full) stays where it is for the next round.
    """
    answers = []
    now_seconds = int(system.now.timestamp())
    for path in landing.complete(now_seconds=now_seconds, settle_seconds=settle_seconds):
        try:
            with landing.holding(path) as landed:
                if landed is not None:
                    answers.append(_one_file(landing, landed, system, source))
        except Refusal as refusal:  # what may pass: this file stays, the others do not wait for it
            answers.append(refused_answer(str(path), None, refusal.sentence))
            if refusal.stops_everything:
                break
    return answers


def _one_file(
    landing: LandingFolder, landed: Landed, system: System, source: str
) -> dict[str, Any]:
    name = landed.path.name
    try:
        data = raw_bytes(landed.path)
        label = landing.label(landed)
    except Refusal as refusal:
        refuse_unreadable(
            name, refusal, door=DOOR, source="", store=system.store, learned_at=system.now
        )
        if isinstance(refusal, LabelUnreadable):
            system.vault.keep(data)
        landing.move_refused(landed, refusal.sentence)
        return refused_answer(str(landed.path), None, refusal.sentence)
    delivery = Delivery(
        name=name,
        data=data,
        door=DOOR,
        source=label.source or source,
        sequence=label.sequence,
        signature=label.signature,
    )
    taken = take(delivery, system)
    answer = answer_of(str(landed.path), taken)
    if taken.refusal is None:
        moved = landing.move_taken(landed)
    else:
        moved = landing.move_refused(landed, taken.refusal.sentence)
    answer["moved_to"] = None if moved is None else str(moved)
    return answer
