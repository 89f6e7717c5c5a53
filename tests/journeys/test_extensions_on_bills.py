"""What a contract of an extension charges, on the next real bill of its account."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.town import LATER, NOON, VIEWER, Town, even
from tests.stores.extension_town import GUARANTEE, REQUESTED, facility

from meterledger.facts.extensions import ExtensionAct
from meterledger.rulebook.forms import read_form
from meterledger.usecases.extension_contracts import ContractAsked, ContractGiven, open_contract
from meterledger.usecases.extension_guarantees import net_revenue_cents
from meterledger.usecases.extension_records import ExtensionRefused, Moment
from meterledger.usecases.extension_replay import replay_extension
from meterledger.usecases.extension_run import run_extensions
from meterledger.usecases.extension_tellings import Told, serve_from_extension
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.together import start_together

BEGAN = date(2025, 7, 1)
CHARGED = {**GUARANTEE, **facility(charges_from="2026-09-01", frozen_monthly_usd="90.00")}


def live(town: Town) -> Any:
    """A home of which five months are billed, whose contract lives a night, and its next bill."""
    account = town.account_id(1)
    town.start(1, from_day=BEGAN, tax_place="university_city")
    town.read("M1", (BEGAN, date(2026, 11, 20)), even(60))
    town.bill(1, on=date(2026, 9, 10))
    given = read_form(ContractGiven, CHARGED, where="given")
    at = NOON + timedelta(hours=1)
    asked = ContractAsked("EXT-1", account, REQUESTED, "Ana", given)
    open_contract(asked, store=town.store, book=town.book, now=at)
    (service,) = town.store.services_of_account(account, at)
    serve_from_extension(
        "EXT-1",
        service.agreement.agreement_id,
        Told(BEGAN, "Ana"),
        store=town.store,
        moment=Moment.at(at, town.book),
    )
    run = run_extensions(
        date(2026, 9, 20), store=town.store, moment=Moment.at(at + timedelta(hours=1), town.book)
    )
    assert run.waiting == []
    town.bill(1, on=date(2026, 11, 10), known_at=LATER)
    return run


def test_charges_of_a_contract_stand_on_the_next_statement_and_in_no_line_of_a_bill() -> None:
    town = Town()
    with town.store.viewing(VIEWER, ["everything"]):
        run = live(town)
        account = town.account_id(1)
        bills = town.store.bills_of_account(account)
        tested = {one.about: one for one in run.events if one.act is ExtensionAct.TESTED}
        stored = next(one for one in bills if one.bill_id not in tested)
        made = make_statement(
            stored,
            service=town.store.service_of_agreement(stored.agreement_id, stored.known_at),
            history=bills,
            entries=town.store.entries_of_account(account),
            view=town.book.as_known(stored.known_at.date()),
            beside=Beside(),
        )
        again = replay_extension("EXT-1", store=town.store, book=town.book)

    told = {one.words: one.cents for one in made.balance.changes}
    assert told["Special facility SF-1, 2026-09"] == 90_00
    lacking = {one.data["bill"]: one.data["deficiency_cents"] for one in tested.values()}
    named = {f"Deficiency of extension EXT-1 on bill {bill}": cents
             for bill, cents in lacking.items() if cents}  # fmt: skip
    assert named
    assert named.items() <= told.items()
    assert all(b"xtension" not in one.record for one in bills)
    assert [one.name for one in again if not one.is_same] == []


def test_net_revenue_is_a_bill_without_its_taxes() -> None:
    town = Town()
    with town.store.viewing(VIEWER, ["everything"]):
        live(town)
        for bill in town.store.bills_of_account(town.account_id(1)):
            taxes = sum(
                -leg.cents
                for entry in town.store.entries_of_account(bill.account_id)
                if entry.entry_id == f"bill:{bill.bill_id}"
                for leg in entry.legs
                if leg.ledger_account.startswith("241")
            )
            assert taxes > 0
            assert net_revenue_cents(bill.record) == bill.total_cents - taxes


def test_what_is_billed_with_other_service_points_has_no_revenue_of_its_own() -> None:
    """The revenue of the one bill is of them all, so it counts for no extension (GRR IV.C)."""
    town = Town()
    barn = {"premise_id": "PR2", "service_point_id": "SP2", "meter_id": "M2", "address": "2 Elm"}
    town.start(1, from_day=BEGAN)
    town.start(1, from_day=BEGAN, **barn)
    at = NOON + timedelta(hours=1)
    with town.store.viewing(VIEWER, ["everything"]):
        account = town.account_id(1)
        asked = ContractAsked(
            "EXT-1", account, REQUESTED, "Ana", read_form(ContractGiven, CHARGED, where="given")
        )
        open_contract(asked, store=town.store, book=town.book, now=at)
        start_together(
            account_id=account,
            on=BEGAN,
            by="Ana",
            reason="asked for",
            learned_at=at,
            view=town.view,
            store=town.store,
        )
        for service in town.services(1):
            with pytest.raises(ExtensionRefused, match="is billed with others of its account"):
                serve_from_extension(
                    "EXT-1",
                    service.agreement.agreement_id,
                    Told(BEGAN, "Ana"),
                    store=town.store,
                    moment=Moment.at(at + timedelta(minutes=1), town.book),
                )
