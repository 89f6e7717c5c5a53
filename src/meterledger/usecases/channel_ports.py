"""What journeys of payment channels need of the store: one call that keeps a change, and reads.

Lives here      the port ``PaymentChannels``, the change that it keeps whole, and the ports of a
                processor and of sealed bank account numbers.
Lives elsewhere the nouns (``facts/ach_orders``, ``facts/checkouts``, ``facts/pledges``), receipts
                and their postings (``payment_ports``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayAnswered,
    AutopayQuestion,
    BankAccount,
    BankChangeTold,
    BankStop,
    DroppedOrder,
    Enrollment,
    ReturnDone,
    ReturnedEntry,
    SentEntry,
    SentFile,
)
from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import CardRefund
from meterledger.facts.checkouts import (
    Answer,
    Checkout,
    CheckoutOnFile,
    CheckoutState,
    CheckoutStep,
    PendingMoney,
)
from meterledger.facts.payments import PaymentFile
from meterledger.facts.pledges import Pledge, PledgeOnFile, PledgeStep
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.payment_ports import ReceiptPosting


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """Everything that one act writes, kept in one transaction or not at all.

    ``receipts`` are new money and ``receipt_steps`` go on with known money; both come with their
    entries and applications. ``ended`` are enrollments as they end.
    """

    event: str
    subject: str
    learned_at: datetime
    receipts: tuple[ReceiptPosting, ...] = ()
    receipt_steps: tuple[ReceiptPosting, ...] = ()
    payment_file: PaymentFile | None = None
    bank_accounts: tuple[BankAccount, ...] = ()
    changes_told: tuple[BankChangeTold, ...] = ()
    stops: tuple[BankStop, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()
    ended: tuple[Enrollment, ...] = ()
    orders: tuple[AchOrder, ...] = ()
    dropped: tuple[DroppedOrder, ...] = ()
    sent: tuple[SentFile, ...] = ()
    returned: tuple[ReturnedEntry, ...] = ()
    returns_done: tuple[ReturnDone, ...] = ()
    questions: tuple[AutopayQuestion, ...] = ()
    answered: tuple[AutopayAnswered, ...] = ()
    checkouts: tuple[Checkout, ...] = ()
    checkout_steps: tuple[CheckoutStep, ...] = ()
    pledges: tuple[Pledge, ...] = ()
    pledge_steps: tuple[PledgeStep, ...] = ()
    expectations: tuple[Expectation, ...] = ()


class PaymentChannels(Protocol):
    """Banks, processor and agencies: what was asked, what was said, what is expected."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction.

        :raises Conflict: if one of its names is taken, or an enrollment overlaps another
        :raises Moved: if a step of a checkout or a pledge was added meanwhile, or an order was sent
        :raises NotFound: if a payment or an enrollment is of an account that nobody knows
        """

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers, the oldest first."""

    def changed_bank_accounts(self) -> list[tuple[BankAccount, BankChangeTold | None]]:
        """Versions that a bank's notice made, the oldest first, each with how it was told."""

    def bank_stops(self, account_ids: Collection[str]) -> list[BankStop]:
        """What stops bank accounts of customers, the oldest first."""

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Enrollments as known now, by account and first day; of a day, or all."""

    def autopay_due(self, day: date) -> list[tuple[Enrollment, str]]:
        """Live bills due on the day whose account is enrolled on it, by bill."""

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id; those that nobody knows are left out."""

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders of days up to ``until`` (in) that are in no file and not dropped, by id."""

    def ach_files(self, *, limit: int = 100) -> list[SentFile]:
        """Files that were made, the newest first."""

    def ach_file(self, file_id: str) -> SentFile:
        """A file that was made. :raises NotFound:"""

    def sent_count(self) -> int:
        """How many entries were sent in all files."""

    def sent_under(self, traces: Collection[str]) -> dict[str, SentEntry]:
        """What was sent under trace numbers; the newest where one was used again."""

    def returned_entries(
        self, *, order_ids: Collection[str] | None = None, file_sha256: str | None = None
    ) -> list[ReturnedEntry]:
        """What came back, the oldest first."""

    def returned_entry(self, returned_id: str) -> tuple[ReturnedEntry, ReturnDone | None]:
        """What came back, and how a person dealt with it. :raises NotFound:"""

    def returns_waiting(self) -> list[ReturnedEntry]:
        """What came back, asks a person and is not done, the oldest first."""

    def returns_done(
        self, from_day: date, until_day: date
    ) -> list[tuple[ReturnedEntry, ReturnDone]]:
        """What people dealt with on the days (``until_day`` out), in that order."""

    def autopay_questions(self) -> list[AutopayQuestion]:
        """Bills that wait for a person, the oldest first."""

    def autopay_answers(self, bill_ids: Collection[str]) -> dict[str, AutopayAnswered]:
        """What people decided about bills, by bill; bills without an answer are left out."""

    def checkout(self, checkout_id: str) -> CheckoutOnFile:
        """A checkout with its steps. :raises NotFound:"""

    def checkouts(
        self, *, account_ids: Collection[str] | None = None, state: CheckoutState | None = None
    ) -> list[CheckoutOnFile]:
        """Checkouts, the oldest first."""

    def pledge(self, pledge_id: str) -> PledgeOnFile:
        """A pledge with its steps. :raises NotFound:"""

    def pledges(self, *, account_ids: Collection[str] | None = None) -> list[PledgeOnFile]:
        """Pledges, the oldest first."""

    def pending_money(
        self, account_ids: Collection[str], day: date
    ) -> Mapping[str, tuple[PendingMoney, ...]]:
        """Money that may come, or may have come: unknown checkouts, pledges pending on the day.

        It is not paid, and what it is for is not missed for a fee or a cut until it is known.
        """

    def unknown_payment_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, int]:
        """Cents of checkouts whose outcome was unknown at the instant; accounts without are left
        out. Late charges and cuts ask for it: the same answer whenever it is asked.
        """

    def expected_bank_lines(self, from_day: date, until_day: date) -> list[Expectation]:
        """What our bank statement should show on the days (``until_day`` is out), by day."""


class ProcessorSilent(Refusal):
    """The processor gave no answer that can be used; whether it acted is unknown."""

    is_passing = True


class CallbackRefused(Refusal):
    """What came is no answer of the processor's: its signature or its form is wrong."""


class Processor(Protocol):
    """A processor of cards and wallets, to which the customer's browser is sent.

    It keeps one payment for each of our keys, whoever asks twice. No card number passes here.
    """

    @property
    def name(self) -> str:
        """Its name, kept with each checkout."""

    def start(self, checkout: Checkout) -> Answer:
        """Begin; the answer says where the customer pays. :raises ProcessorSilent:"""

    def ask(self, checkout_id: str) -> Answer:
        """How it stands now. :raises ProcessorSilent:"""

    def refund(self, refund: CardRefund) -> Answer:
        """Give back to the card that paid; the same key begins one. :raises ProcessorSilent:"""

    def ask_refund(self, refund_id: str) -> Answer:
        """How a refund stands now. :raises ProcessorSilent:"""

    def read_callback(self, body: bytes, signature: str) -> Answer:
        """An answer that came by itself. :raises CallbackRefused:"""


class BankNumbers(Protocol):
    """Bank account numbers, sealed before they are kept."""

    def seal(self, number: str) -> bytes:
        """The number, sealed; another text each time."""

    def unseal(self, sealed: bytes) -> str:
        """The number. :raises Refusal: if it was not sealed here"""

    def fingerprint(self, routing_number: str, number: str) -> str:
        """The same for the same bank account; nobody without the key can find the number."""
