"""A file of the town on its way in: the same reader and the same journey as ``meterledger ingest``.

Lives here      calling them at an instant of the story, and what the story tells of the outcome.
Lives elsewhere reading (``stores/gateways``), admitting and storing (``usecases``).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from meterledger.entrypoints.demo.chronicle import FileTold
from meterledger.entrypoints.demo.story import Receive, Utility
from meterledger.entrypoints.intake import interval_kw_max, unadmitted_percent
from meterledger.stores.gateways import raw_bytes, read_bytes
from meterledger.stores.gateways.signatures import signature_holds
from meterledger.usecases.take_file import Delivery, Intake, take_file

DOOR = "demo"


def receiver(utility: Utility) -> Receive:
    """The way in for files of one utility."""

    def receive(path: Path, at: datetime) -> FileTold:
        view = utility.book.as_known(at.date())
        intake = Intake(
            store=utility.store,
            lake=utility.lake,
            vault=utility.vault,
            read=read_bytes,
            signature_holds=signature_holds,
            utility=view.name,
            zone_name=view.time_zone,
            interval_kw_max=interval_kw_max(view, at),
            unadmitted_percent=unadmitted_percent(view, at),
        )
        taken = take_file(Delivery(path.name, raw_bytes(path), DOOR), intake, learned_at=at)
        if taken.received is None:
            sentence = "" if taken.refusal is None else taken.refusal.sentence
            return FileTold(date.min, path.name, taken.status, 0, 0, sentence)
        return FileTold(
            day=date.min,
            name=path.name,
            status=taken.status,
            readings=sum(one.present_count for one in taken.received.channels),
            quarantined=len(taken.received.quarantined),
        )

    return receive
