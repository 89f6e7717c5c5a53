"""The town of the pages with a bank: statements taken, matched, one line that nobody expected.

Made by the journeys themselves. Shared by the tests of the pages and those in the browser.
"""

from __future__ import annotations

from functools import lru_cache

from tests.doors.web_town import WebTown, build_web_town
from tests.journeys.town import CLASSES_TOLD, VIEWER

from meterledger.stores.gateways.bank_files import bank_file_of
from meterledger.stores.gateways.opening import opened
from meterledger.usecases.reconcile_bank import explain_line, match_bank, take_bank_file


@lru_cache(maxsize=1)
def finance_web_town() -> WebTown:
    """The first payments are on a statement, beside a wire that names no account."""
    made = build_web_town()
    made.now = CLASSES_TOLD
    store, view = made.town.store, made.system().view
    with store.viewing(VIEWER, ["all"]):
        paid = [
            one
            for number in (1, 2, 3)
            for one in store.payments_of_account(made.town.account_id(number))
        ]
        first = [one for one in paid if one.payment_key.endswith("-1")]
        cents = sum(one.cents for one in first)
        day = first[0].received_day
        text = (
            "kind,bank_account,day,amount_usd,reference,text\n"
            f"opening,4471,{day},0.00,,\n"
            f"line,4471,{day},{cents // 100}.{cents % 100:02d},,office deposit\n"
            f"line,4471,{day},77.10,FT-2210,wire without an account\n"
            f"closing,4471,{day},{(cents + 7710) // 100}.{(cents + 7710) % 100:02d},,\n"
        )
        file = bank_file_of(opened("october.csv", text.encode()), learned_at=CLASSES_TOLD)
        take_bank_file(file, today=CLASSES_TOLD.date(), store=store)
        run = match_bank(on=CLASSES_TOLD.date(), learned_at=CLASSES_TOLD, view=view, store=store)
        explain_line(
            line_id=run.position.open_lines[0].line.line_id,
            by="Dana Cole",
            reason="a wire; asked the bank for its sender",
            learned_at=CLASSES_TOLD,
            store=store,
        )
    return made
