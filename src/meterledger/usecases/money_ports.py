"""All that journeys of money need of the store, together."""

from __future__ import annotations

from typing import Protocol

from meterledger.usecases.card_refund_ports import CardRefunds
from meterledger.usecases.channel_ports import PaymentChannels
from meterledger.usecases.deposit_ports import DepositLog
from meterledger.usecases.extension_ports import ExtensionLog
from meterledger.usecases.finance_ports import AccrualLog, FinanceReads
from meterledger.usecases.late_charge_ports import LateCharges
from meterledger.usecases.ledger_ports import Ledger
from meterledger.usecases.payment_ports import PaymentLog
from meterledger.usecases.reconciliation_ports import Reconciliation
from meterledger.usecases.relief_ports import Reliefs
from meterledger.usecases.settlement_ports import Settlements


class Money(
    Ledger,
    PaymentLog,
    PaymentChannels,
    LateCharges,
    DepositLog,
    Settlements,
    CardRefunds,
    ExtensionLog,
    Reconciliation,
    Reliefs,
    FinanceReads,
    AccrualLog,
    Protocol,
):
    """The journal and everything that posts to it."""
