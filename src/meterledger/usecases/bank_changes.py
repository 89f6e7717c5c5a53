"""Notifications of change: a bank says how a customer's bank account is to be written.

Which codes change a bank account is dated data of the book, where they say it is the form of the
file. Where all of it can be read, the
bank account gets a new version: effective on the day of the notice, known since we read it, and
the old one stays what it was. Orders and enrollments name the first version; the one of a day and
an instant is found through it, so that a file that was made keeps its bytes. The customer is told.

Lives here      reading the corrected data, the new version, telling the customer.
Lives elsewhere which code changes what (``tariffs/.../payment_channels``, ``facts.ach``), files
                (``ach_returns``, ``ach_out``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach import BankAccountKind, code_is_known, kind_of_code, routing_holds
from meterledger.facts.ach_orders import BankAccount, BankChangeTold
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_words
from meterledger.usecases.ach_accounts import NUMBER_FORM
from meterledger.usecases.channel_ports import BankNumbers, ChannelChange
from meterledger.usecases.no_card_numbers import refuse_card_numbers


class ChangeNotTold(Refusal):
    """A customer cannot be told of a change so."""


class BankChangeStore(Protocol):
    """What is asked of the store."""

    def changed_bank_accounts(self) -> list[tuple[BankAccount, BankChangeTold | None]]:
        """Versions that a bank's notice made, the oldest first, each with how it was told."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a notice corrects; None stays as it was."""

    routing_number: str | None = None
    number: str | None = None
    kind: BankAccountKind | None = None

    @property
    def words(self) -> str:
        """What is other now; of a number its last four digits."""
        parts = []
        if self.routing_number is not None:
            parts.append(f"routing number {self.routing_number}")
        if self.number is not None:
            parts.append(f"account number ending in {self.number[-4:]}")
        if self.kind is not None:
            parts.append(f"a {self.kind.value} account")
        return ", ".join(parts)


def read_corrected(corrected: str, layout: str) -> Corrected | None:
    """What the corrected data say by ``routing:1-9 account:13-29``; None if one detail is none."""
    found: dict[str, str] = {}
    for part in layout.split():
        name, _, columns = part.partition(":")
        first, _, last = columns.partition("-")
        found[name] = corrected.ljust(29)[int(first) - 1 : int(last)].strip()
    routing, number, code = (found.get(one) for one in ("routing", "account", "code"))
    kind = None
    if routing is not None and not routing_holds(routing):
        return None
    if number is not None and not NUMBER_FORM.fullmatch(number):
        return None
    if code is not None:
        whole = int(code) if len(code) == 2 and code.isascii() and code.isdigit() else 0
        if not code_is_known(whole):
            return None
        kind = kind_of_code(whole)
    return Corrected(routing, number, kind)


def corrected_bank(
    bank: BankAccount, told: Corrected, *, on: date, now: datetime, numbers: BankNumbers
) -> BankAccount:
    """The next version of a bank account; its number is sealed anew.

    :raises Refusal: if the number of the old version cannot be unsealed
    """
    number = told.number or numbers.unseal(bank.sealed)
    routing = told.routing_number or bank.routing_number
    fingerprint = numbers.fingerprint(routing, number)
    name = sha256_hex(f"{bank.bank_id}:{fingerprint}:{now.isoformat()}".encode())[:12]
    return replace(
        bank,
        bank_id=f"BA-{name}",
        routing_number=routing,
        kind=told.kind or bank.kind,
        last_four=number[-4:],
        fingerprint=fingerprint,
        sealed=numbers.seal(number),
        learned_at=now,
        replaces=bank.bank_id,
        from_day=on,
    )


def letter_of(bank: BankAccount) -> str:
    """What the customer is told of a new version, its day in words as in every letter."""
    from_day = day_words(bank.from_day) if bank.from_day is not None else "now on"
    return (
        f"{bank.holder}, account {bank.account_id}: your bank has told us that your bank account "
        f"is to be written another way. From {from_day} we use the {bank.kind.value} account "
        f"ending in {bank.last_four} at the bank with routing number {bank.routing_number}. You "
        "need not do anything. If this is not your account, tell us: nothing is drawn from it then."
    )


def tell_customer(
    bank_id: str, *, by: str, how: str, now: datetime, store: BankChangeStore
) -> BankChangeTold:
    """Keep that the customer was told of a new version, how and by whom; once.

    :raises ChangeNotTold: if no notice made it, name or way lack, or it was told before
    """
    who, way = " ".join(by.split()), " ".join(how.split())
    where = f"bank account {bank_id[:40]}"
    if not who or not way or len(who + way) > 300 or not (who + way).isprintable():
        raise ChangeNotTold(
            "Who told the customer, and how, is missing",
            where=where,
            do="Give --by and --how, like 'letter 7 of May 2'",
        )
    refuse_card_numbers([who, way], where=where)
    known = {one.bank_id: (one, told) for one, told in store.changed_bank_accounts()}
    if bank_id not in known:
        raise ChangeNotTold(
            "No notice of a bank made it",
            where=where,
            do="List them with `meterledger ach changes`",
        )
    bank, before = known[bank_id]
    if before is not None:
        raise ChangeNotTold(
            f"{before.by} told the customer before: {before.how}",
            where=where,
            do="Nothing is to be done",
        )
    told = BankChangeTold(bank_id, who, way, now)
    store.keep_channel(ChannelChange("customer told", bank.account_id, now, changes_told=(told,)))
    return told
