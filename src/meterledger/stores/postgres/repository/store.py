"""Everything but the lake in PostgreSQL."""

from __future__ import annotations

from meterledger.stores.postgres.connections import Connection, Connections
from meterledger.stores.postgres.repository.accruals import AccrualTables
from meterledger.stores.postgres.repository.balances import BalanceTables
from meterledger.stores.postgres.repository.budget_back import BudgetBackTables
from meterledger.stores.postgres.repository.card_refunds import CardRefundTables
from meterledger.stores.postgres.repository.channels import ChannelTables
from meterledger.stores.postgres.repository.combinations import CombinationTables
from meterledger.stores.postgres.repository.corrections import CorrectionTables
from meterledger.stores.postgres.repository.day_facts import DayFactsTables
from meterledger.stores.postgres.repository.deposits import DepositTables
from meterledger.stores.postgres.repository.documents import DocumentTables
from meterledger.stores.postgres.repository.extensions import ExtensionTables
from meterledger.stores.postgres.repository.finance import FinanceTables
from meterledger.stores.postgres.repository.held import HeldTables
from meterledger.stores.postgres.repository.intake import IntakeTables
from meterledger.stores.postgres.repository.issued import IssuedTables
from meterledger.stores.postgres.repository.lake_log import LakeLogTables
from meterledger.stores.postgres.repository.late_charges import LateChargeTables
from meterledger.stores.postgres.repository.ledger import LedgerTables
from meterledger.stores.postgres.repository.meters import MeterTables
from meterledger.stores.postgres.repository.payments import PaymentTables
from meterledger.stores.postgres.repository.periods import PeriodTables
from meterledger.stores.postgres.repository.places import PlaceWrites
from meterledger.stores.postgres.repository.programs import ProgramTables
from meterledger.stores.postgres.repository.quarantine import QuarantineTables
from meterledger.stores.postgres.repository.readings import ReadingTables
from meterledger.stores.postgres.repository.reconciliation import ReconciliationTables
from meterledger.stores.postgres.repository.register_values import RegisterTables
from meterledger.stores.postgres.repository.relief import ReliefTables
from meterledger.stores.postgres.repository.services import PlaceReads
from meterledger.stores.postgres.repository.settlements import SettlementTables
from meterledger.stores.postgres.repository.taxes import TaxTables
from meterledger.stores.postgres.repository.together import TogetherTables
from meterledger.stores.postgres.repository.usage_log import UsageLogTables
from meterledger.stores.postgres.repository.weather import WeatherTables


class PostgresStore(
    PlaceWrites,
    PlaceReads,
    MeterTables,
    ReadingTables,
    IntakeTables,
    QuarantineTables,
    CorrectionTables,
    RegisterTables,
    LateChargeTables,
    ExtensionTables,
    LedgerTables,
    PeriodTables,
    BalanceTables,
    ChannelTables,
    PaymentTables,
    UsageLogTables,
    DayFactsTables,
    LakeLogTables,
    DocumentTables,
    WeatherTables,
    IssuedTables,
    HeldTables,
    CardRefundTables,
    SettlementTables,
    BudgetBackTables,
    CombinationTables,
    TogetherTables,
    ProgramTables,
    ReconciliationTables,
    ReliefTables,
    FinanceTables,
    AccrualTables,
    TaxTables,
    DepositTables,
):
    """The system of record. Safe to use from many threads: each call has a connection."""

    def __init__(self, connections: Connections, whereabouts: str) -> None:
        """``whereabouts`` says which server, for people; it holds no password."""
        super().__init__(connections)
        self._whereabouts = whereabouts

    def describe(self) -> str:
        """Which server this is and how much it keeps, for `doctor`."""

        def ask(connection: Connection) -> str:
            row = connection.execute(
                "SELECT current_setting('server_version'), current_user,"
                " (SELECT count(*) FROM account), (SELECT count(*) FROM service_period_claim"
                " WHERE part_of IS NULL)"
            ).fetchone()
            version, role, accounts, bills = row or ("", "", 0, 0)
            return (
                f"PostgreSQL {str(version).split()[0]}, {self._whereabouts}, as {role}; "
                f"{accounts} accounts, {bills} bills"
            )

        return self._step("describe the store", ask)
