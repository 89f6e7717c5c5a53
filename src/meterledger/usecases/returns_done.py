"""What came back from a bank and asked a person is dealt with: it waits no more.

Lives here      the mark of a person, once for each entry, with a name and a reason.
Lives elsewhere taking returns (``ach_returns``), what is done about one (``refund_credit``,
                ``ach_accounts``, ``bank_changes``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach_orders import ReturnDone, ReturnedEntry
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.no_card_numbers import refuse_card_numbers

PERSON_MAX, REASON_MAX = 100, 500


class ReturnNotDone(Refusal):
    """An entry that came back cannot be marked so."""


class ReturnsDoneStore(Protocol):
    """What is asked of the store."""

    def returned_entry(self, returned_id: str) -> tuple[ReturnedEntry, ReturnDone | None]:
        """What came back, and how a person dealt with it. :raises NotFound:"""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@looks_once_more
def mark_return_done(
    returned_id: str, *, by: str, reason: str, on: date, now: datetime, store: ReturnsDoneStore
) -> tuple[ReturnedEntry, ReturnDone]:
    """Keep that a person dealt with an entry that came back; in the same words again, nothing.

    :raises ReturnNotDone: if name or reason lack, it asks nobody, or another dealt with it
    :raises NotFound: if nothing of that name came back
    """
    who, why = " ".join(by.split()), " ".join(reason.split())
    where = f"returned entry {returned_id[:40]}"
    too_long = len(who) > PERSON_MAX or len(why) > REASON_MAX
    if not who or not why or too_long or not (who + why).isprintable():
        raise ReturnNotDone(
            "Who dealt with it, and how, is missing or too long",
            where=where,
            do="Give --by and --reason, like 'refund sent again by check'",
        )
    refuse_card_numbers([who, why], where=where)
    entry, known = store.returned_entry(returned_id)
    if not entry.asks_a_person:
        raise ReturnNotDone(
            "It is drawn again by itself, and waits for nobody",
            where=where,
            do="Nothing is to be done",
        )
    if known is not None:
        if (known.by, known.reason) == (who, why):
            return entry, known
        raise ReturnNotDone(
            f"{known.by} dealt with it on {known.on}: {known.reason}",
            where=where,
            do="Nothing is to be done",
        )
    done = ReturnDone(returned_id, on, who, why, now)
    store.keep_channel(ChannelChange("return done", returned_id, now, returns_done=(done,)))
    return entry, done
