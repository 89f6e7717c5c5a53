"""The chart is whole, and the pages of reference say what the code does."""

from __future__ import annotations

import re

import pytest
from tests.rooms.ledger.reference_pages import FOLDER, PAGES, ROOT, Event, events

from meterledger.facts.money import has_sub_ledger
from meterledger.ledger import (
    ACCOUNTS,
    CHART,
    REVENUE_OF_CLASS,
    Group,
    Side,
    account_name,
    chart_account,
    control_of,
)

EVENTS = list(events())
REGISTERED = re.compile(r"register_cause\('([a-z-]+)'")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), (
        f"docs/reference/{name} is old: write it again with "
        "`.venv/bin/python -m tests.rooms.ledger.reference_pages`"
    )


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.what)
def test_an_event_moves_accounts_of_the_chart(event: Event) -> None:
    for leg in event.entry.legs:
        assert chart_account(leg.ledger_account) is not None, leg
    assert sum(leg.cents for leg in event.entry.legs) == 0


def test_every_cause_that_is_registered_has_its_event_on_the_page() -> None:
    folder = ROOT / "src" / "meterledger" / "stores" / "postgres"
    registered = {
        prefix
        for path in folder.glob("*/migrations/*.sql")
        for prefix in REGISTERED.findall(path.read_text(encoding="utf-8"))
    }
    assert {one.entry.entry_id.partition(":")[0] for one in EVENTS} == registered


class TestTheChart:
    def test_names_each_account_once_and_each_sub_account_has_its_control(self) -> None:
        assert len(CHART) == len(ACCOUNTS)
        for one in ACCOUNTS:
            assert one.control in CHART, one
            control = chart_account(one.control)
            assert control is not None
            assert (control.group, control.side) == (one.group, one.side)

    def test_gives_a_sub_account_that_it_does_not_list_the_side_of_its_control(self) -> None:
        tax = chart_account("241.state_sales.mo")
        assert tax is not None
        assert (tax.side, tax.group) == (Side.CREDIT, Group.LIABILITY)
        assert tax.name == "Tax collections payable: state sales, mo"
        assert chart_account("999") is None
        assert chart_account("999.x") is None

    def test_has_where_each_class_is_posted(self) -> None:
        assert set(REVENUE_OF_CLASS.values()) <= set(CHART)

    @pytest.mark.parametrize(
        ("account", "customers"),
        [
            ("142", True),
            ("142.budget", True),
            ("1420", False),
            ("235", True),
            ("232", False),
            ("232.refunds", True),
            ("242.unclaimed", True),
            ("242", False),
            ("253.unapplied", False),
            ("131.card", False),
        ],
    )
    def test_says_which_accounts_have_a_sub_ledger(self, account: str, customers: bool) -> None:
        assert has_sub_ledger(account) is customers

    def test_agrees_with_the_database_on_sub_ledgers(self) -> None:
        path = ROOT / "src/meterledger/stores/postgres/ledger/migrations"
        text = (path / "0002_causes_and_periods.sql").read_text(encoding="utf-8")
        check = text[text.index("sub_ledgers_are_of_customers") :].partition(";")[0]
        named = set(re.findall(r"'([0-9]{3}[a-z.]*)'", check))
        assert named == {
            one.number
            for one in ACCOUNTS
            if one.has_sub_ledger and (one.number == one.control or not has_sub_ledger(one.control))
        }

    def test_names_what_it_does_not_list(self) -> None:
        assert account_name("131") == "Cash"
        assert account_name("555.x_y") == "Other account: x y"
        assert control_of("241.state_sales.mo") == "241"
