"""Statements of the town of ``web_town``, with whom to call and how warm it was."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.doors.web_town import WebTown, shared_web_town
from tests.journeys.town import VIEWER

from meterledger.facts.statements import ContactRoute, Statement
from meterledger.facts.weather import MeanTemperature
from meterledger.kernel.span import DaySpan
from meterledger.usecases.make_statement import Beside, make_statement

CONTACT = ContactRoute(
    utility_phone="(555) 010-0100",
    utility_address=("Customer Service", "1 Main Street", "Springfield, MO 65801"),
    payment_address=("Payments", "1 Main Street", "Springfield, MO 65801"),
    commission_name="Public Service Commission",
    commission_phone="(555) 010-0200",
    commission_address=("P.O. Box 1", "Jefferson City, MO 65102"),
)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ISSUED = date(2025, 10, 2)


def warm(days: DaySpan) -> MeanTemperature:
    """The same every day."""
    return MeanTemperature("KSTL", 684)


BESIDE = Beside(contact=CONTACT, temperatures=warm)


def statement_of_town(
    number: int = 1, month: int = 1, *, beside: Beside = BESIDE, town: WebTown | None = None
) -> Statement:
    """The statement of somebody's month."""
    behind = town or shared_web_town()
    stored = behind.bills(number)[month]
    store = behind.town.store
    with store.viewing(VIEWER, []):
        return make_statement(
            stored,
            service=store.service_of_agreement(stored.agreement_id, stored.known_at),
            history=behind.bills(number),
            entries=store.entries_of_account(stored.account_id),
            view=behind.town.book.as_known(stored.known_at.date()),
            beside=beside,
        )
