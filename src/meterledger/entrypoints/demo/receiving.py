"""A file of the town on its way in: the same reader and the same journey as ``meterledger ingest``.

Lives here      calling them at an instant of the story, and what the story tells of the outcome.
Lives elsewhere reading (``stores/gateways``), admitting and storing (``usecases``).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from meterledger.entrypoints.demo.chronicle import FileTold
from meterledger.entrypoints.demo.story import Receive, Utility
from meterledger.kernel.refusal import Refusal
from meterledger.stores.gateways import read_file
from meterledger.usecases.receive_readings import receive_readings


def receiver(utility: Utility) -> Receive:
    """The way in for files of one utility."""

    def receive(path: Path, at: datetime) -> FileTold:
        view = utility.book.as_known(at.date())
        try:
            received = receive_readings(
                file=read_file(path, received_at=at),
                store=utility.store,
                lake=utility.lake,
                utility=view.name,
                zone_name=view.time_zone,
                learned_at=at,
            )
        except Refusal as refusal:
            return FileTold(date.min, path.name, "refused", 0, 0, refusal.sentence)
        return FileTold(
            day=date.min,
            name=path.name,
            status=received.status,
            readings=sum(one.present_count for one in received.channels),
            quarantined=len(received.quarantined),
        )

    return receive
