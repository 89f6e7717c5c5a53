"""What late charges need of the store, and of chapters that come later.

Lives here      the port ``LateCharges``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the nouns (``facts/late_charges``), the other ports (``ports``).

Instants are UTC and given by the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.checkouts import PendingMoney
from meterledger.facts.late_charges import (
    AgreementStanding,
    GovernmentAccount,
    LateBill,
    LateCharge,
    LateChargeReversal,
    LateChargeRun,
    LateChargeWait,
    LateHistory,
)
from meterledger.facts.late_columns import LateColumns
from meterledger.facts.money import Entry


@dataclass(frozen=True, slots=True)
class LateChargeWork:
    """All that one call records: everything or nothing. Charges and reversals have their entries.

    ``run`` is None where a person reverses one charge.
    """

    charges: tuple[tuple[LateCharge, Entry], ...] = ()
    reversals: tuple[tuple[LateChargeReversal, Entry], ...] = ()
    waits: tuple[LateChargeWait, ...] = ()
    run: LateChargeRun | None = None


class LateCharges(Protocol):
    """Late charges, their reversals, what waits, and runs. Added, never changed."""

    def late_histories(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, LateHistory]:
        """What the accounts' late charges are decided from, as known then. One question for all."""

    def late_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[LateBill, ...]]:
        """The bills of ``late_histories`` alone; accounts without any are left out."""

    def government_accounts(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[GovernmentAccount, ...]]:
        """What ``late_histories`` tell of governments alone; the other accounts are left out."""

    def late_columns(self, account_ids: Sequence[str] | None, known_at: datetime) -> LateColumns:
        """The same as columns, in the order of the accounts given; None is all, in order."""

    def record_late_charges(self, work: LateChargeWork) -> set[str]:
        """Keep charges, reversals, waits and the run in one transaction; the names newly kept.

        A charge or reversal that is there already is left as it is, and is not among them.

        :raises NotFound: if there is no such account or charge
        :raises Conflict: if an entry of the name is posted with another meaning
        """

    def unknown_receipt_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, int]:
        """Cents of receipts told for accounts whose outcome was unknown at the instant; accounts
        without are left out."""

    def late_charges_to_decide_again(self, since: date) -> list[str]:
        """Accounts, in order, with a charge that stands and rests on a bill that was cancelled, or
        is of a bill since a day and may have been paid in time by what we learned of after it.
        """

    def late_charge(self, late_charge_id: str) -> LateCharge:
        """A charge by its name. :raises NotFound:"""

    def late_charges_of_account(self, account_id: str) -> list[LateCharge]:
        """Charges of the account, oldest first, reversed ones too."""

    def late_charge_reversal(self, late_charge_id: str) -> LateChargeReversal | None:
        """Why a charge was taken back; None where it stands."""

    def late_charges_on(self, on: date) -> list[LateCharge]:
        """Charges shown on bills of a day, in order of their names."""

    def late_charge_runs(self, on: date | None = None) -> list[LateChargeRun]:
        """What runs came to, the newest first."""

    def tell_government_account(self, told: GovernmentAccount) -> None:
        """Keep whose account it is from a day on. :raises NotFound: if there is no account"""


class Agreements(Protocol):
    """Payment agreements, from their own chapter."""

    def agreements_on(
        self, account_ids: Sequence[str], on: date, known_at: datetime
    ) -> Mapping[str, AgreementStanding]:
        """The agreement that stands on a day or ended by default; others are left out."""


class UnknownPayments(Protocol):
    """Payments whose outcome is not known yet, from the channels."""

    def unknown_payment_cents(self, account_ids: Sequence[str], on: date) -> Mapping[str, int]:
        """Cents of payments begun and neither posted nor refused; accounts without are left out."""


class MissingReports(Protocol):
    """Bills that rest on an opt-out customer's missing or wrong meter report."""

    def missing_report_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, frozenset[str]]:
        """Names of such bills by account; accounts without are left out."""


class NoneYet:
    """The answer of chapters that are not built: no agreement, no unknown payment, no report."""

    def agreements_on(
        self, account_ids: Sequence[str], on: date, known_at: datetime
    ) -> Mapping[str, AgreementStanding]:
        """None."""
        return {}

    def unknown_payment_cents(self, account_ids: Sequence[str], on: date) -> Mapping[str, int]:
        """None."""
        return {}

    def missing_report_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, frozenset[str]]:
        """None."""
        return {}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other chapters say of the accounts of a run."""

    agreements: Agreements
    unknown_payments: UnknownPayments
    missing_reports: MissingReports


class PendingReads(Protocol):
    """What the channels tell of money whose outcome is unknown."""

    def pending_money(
        self, account_ids: Collection[str], day: date
    ) -> Mapping[str, tuple[PendingMoney, ...]]:
        """Money that may come, or may have come, on the day."""


class LateChargeStore(LateCharges, PendingReads, Protocol):
    """What the run of late charges needs of the store."""


@dataclass(frozen=True, slots=True)
class PendingOfChannels:
    """Unknown checkouts and pending pledges, as the channels keep them."""

    store: PendingReads

    def unknown_payment_cents(self, account_ids: Sequence[str], on: date) -> Mapping[str, int]:
        """The sum of each account's pending money."""
        found = self.store.pending_money(account_ids, on)
        sums = {account: sum(one.cents for one in mine) for account, mine in found.items()}
        return {account: cents for account, cents in sums.items() if cents}


def agreements_of(store: object) -> Agreements:
    """Who tells of payment agreements: nobody, until their chapter is built."""
    return NoneYet()


def elsewhere_of(store: PendingReads) -> Elsewhere:
    """What is built of the other chapters: the channels. Agreements and reports answer none."""
    return Elsewhere(agreements_of(store), PendingOfChannels(store), NoneYet())


def elsewhere_then(store: object) -> Elsewhere:
    """What a charge is decided by once more: what is told on two clocks. Money that was unknown
    made it wait, and is in no record of it.
    """
    return Elsewhere(agreements_of(store), NoneYet(), NoneYet())


NOTHING_ELSEWHERE = Elsewhere(NoneYet(), NoneYet(), NoneYet())
