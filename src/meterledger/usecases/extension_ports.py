"""What journeys of extensions need of the store: contracts and their events, only added.

Lives here      the port ``ExtensionLog``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/extensions``).

Instants are UTC and given by the caller. An event's number is its place in its contract: whoever
wants the same place second finds it taken, looks again, and does what is left to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from meterledger.facts.extensions import ExtensionContract, ExtensionEvent, ExtensionOnFile
from meterledger.facts.money import Entry, Payment
from meterledger.kernel.refusal import Refusal


class ExtensionMoved(Refusal):
    """Somebody else moved the same contract meanwhile; whoever asks again sees it."""

    is_passing = True

    @classmethod
    def meanwhile(cls, contract_id: str) -> ExtensionMoved:
        """Another event took the place."""
        return cls(
            "The contract was moved by somebody else meanwhile",
            where=f"extension {contract_id[:80]}",
            why="Nothing of this call was kept",
            do="Do it again: it looks at what is there now",
        )


@dataclass(frozen=True, slots=True)
class ExtensionWork:
    """All that one call records: everything or nothing."""

    events: tuple[ExtensionEvent, ...]
    entries: tuple[Entry, ...] = ()
    payment: Payment | None = None


class ExtensionLog(Protocol):
    """Contracts of extensions. Nothing is changed; no advance is paid out twice or overdrawn."""

    def open_extension(self, contract: ExtensionContract) -> bool:
        """Keep a contract; False if it is known with the same contents.

        :raises NotFound: if nobody knows its account
        :raises Conflict: if its name is known with other contents
        """

    def record_extension(self, work: ExtensionWork) -> None:
        """Keep events of one contract with their entries and payment, in one transaction.

        :raises NotFound: if nobody knows the contract
        :raises ExtensionMoved: if another event took the place, or one of the name is there
        :raises Conflict: if an entry, a payment key, a tested bill or a charged month is there
            already, or the events would take more than is held
        """

    def extension(self, contract_id: str) -> ExtensionOnFile:
        """A contract with its events. :raises NotFound:"""

    def extensions(self, *, account_id: str | None = None) -> list[ExtensionOnFile]:
        """Contracts in order of their names; of one account, or all."""
