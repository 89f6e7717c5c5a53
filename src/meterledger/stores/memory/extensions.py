"""Contracts of extensions in dictionaries."""

from __future__ import annotations

from collections.abc import Callable

from meterledger.facts.extensions import ExtensionContract, ExtensionEvent, ExtensionOnFile
from meterledger.facts.money import Entry, Payment
from meterledger.facts.settlements import VerifiedPayee
from meterledger.stores.believed import contents
from meterledger.stores.extension_words import (
    CAUSES,
    ONCE_ANYWHERE,
    done_elsewhere,
    no_extension,
    of_other_contents,
    refuse_work,
)
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.stores.settlement_words import no_payee
from meterledger.usecases.extension_ports import ExtensionWork
from meterledger.usecases.ports import Conflict, NotFound


class MemoryExtensions(MemoryPlaces):
    """The part of the store that keeps contracts of extensions."""

    _entries: dict[str, Entry]
    _payments: dict[str, Payment]
    _payees: dict[str, VerifiedPayee]
    register_cause: Callable[[str, Callable[[str], bool]], None]
    _refuse_entry: Callable[..., None]
    _keep_entry: Callable[[Entry], None]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._contracts: dict[str, ExtensionContract] = {}
        self._contract_events: dict[str, tuple[ExtensionEvent, ...]] = {}
        for prefix in CAUSES:
            self.register_cause(prefix, self._is_extension_event)

    def _is_extension_event(self, key: str) -> bool:
        return any(one.key == key for events in self._contract_events.values() for one in events)

    def open_extension(self, contract: ExtensionContract) -> bool:
        """Keep a contract; False if it is known with the same contents."""
        with self._lock:
            known = self._contracts.get(contract.contract_id)
            if known is not None:
                if contents(known) != contents(contract):
                    raise of_other_contents(contract.contract_id)
                return False
            if contract.account_id not in self._accounts:
                raise NotFound.of("account", contract.account_id)
            payee = self._payees.get(contract.depositor)
            if contract.depositor and (payee is None or payee.account_id != contract.account_id):
                raise no_payee(contract.depositor)
            self._contracts[contract.contract_id] = contract
            self._note("extension opened", contract.contract_id, contract.learned_at)
            return True

    def record_extension(self, work: ExtensionWork) -> None:
        """Keep events of one contract with their entries and payment."""
        with self._lock:
            contract_id = work.events[0].contract_id
            on_file = self._contract_on_file(contract_id)
            refuse_work(on_file, work)
            self._refuse_elsewhere(work)
            if work.payment is not None and work.payment.payment_key in self._payments:
                known = self._payments[work.payment.payment_key]
                raise Conflict.of_payment(known.payment_key, known)
            arriving = [one.key for one in work.events]
            if work.payment is not None:
                arriving.append(work.payment.payment_key)
            for entry in work.entries:
                if entry.entry_id in self._entries:
                    raise Conflict.of_entry(entry.entry_id)
                self._refuse_entry(entry, arriving=arriving)
            self._contract_events[contract_id] = (*on_file.events, *work.events)
            if work.payment is not None:
                self._payments[work.payment.payment_key] = work.payment
            for entry in work.entries:
                self._keep_entry(entry)
            for event in work.events:
                self._note(f"extension {event.act.value}", event.key, event.learned_at)

    def _refuse_elsewhere(self, work: ExtensionWork) -> None:
        wanted = {(one.act, one.about) for one in work.events if one.act in ONCE_ANYWHERE}
        for events in self._contract_events.values():
            for one in events:
                if (one.act, one.about) in wanted:
                    raise done_elsewhere(one.act, one.about)

    def _contract_on_file(self, contract_id: str) -> ExtensionOnFile:
        if contract_id not in self._contracts:
            raise no_extension(contract_id)
        events = self._contract_events.get(contract_id, ())
        return ExtensionOnFile(self._contracts[contract_id], events)

    def extension(self, contract_id: str) -> ExtensionOnFile:
        """A contract with its events."""
        self._look()
        return self._contract_on_file(contract_id)

    def extensions(self, *, account_id: str | None = None) -> list[ExtensionOnFile]:
        """Contracts in order of their names; of one account, or all."""
        self._look()
        return [
            self._contract_on_file(name)
            for name, one in sorted(self._contracts.items())
            if account_id is None or one.account_id == account_id
        ]
