"""The pages of payments: what one paid, files, unapplied money with its ways on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.journeys.desk_of_payments import A_BILL, NOW, RECEIVED, bill_item, new_store, pay
from tests.journeys.test_combined_payments import STATEMENT
from tests.journeys.test_payment_files import take_lines
from tests.stores.combined_paper import keep_combinations
from tests.stores.paper_town import account_id

from meterledger.entrypoints import wiring
from meterledger.entrypoints.channel_words import pledge_desk
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.money_words import entry_words
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.payments import ReceiptState
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.pledges import promise_pledge, receive_pledge

OURS = {"sec-fetch-site": "same-origin"}
WHO = {"author": "Ana", "reason": "the slip names them"}


class Behind:
    """A provider over a store in memory."""

    def __init__(self) -> None:
        self.store = new_store()
        self.book = open_book(default_book_folder())

    def system(self) -> wiring.System:
        return wiring.System(self.store, None, self.book, NOW, None)  # type: ignore[arg-type]

    def library(self) -> system.Library:
        return system.Library(self.book, NOW)


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def client(behind: Behind, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.content.decode()[:2000]
    return " ".join(answer.content.decode().split())


def test_a_payment_shows_what_it_paid_and_by_which_clause(client: Any, behind: Behind) -> None:
    pay(behind.store, A_BILL + 1)
    text = text_of(client.get("/payments/R-1/"))
    assert f">{entry_words(bill_item(0))}</a>" in text
    assert "$165.19" in text
    assert "previous utility charges get what is left" in text
    assert "GRR V.M" in text
    assert "Take it back" in text


def test_a_payment_is_taken_back_by_a_form(client: Any, behind: Behind) -> None:
    pay(behind.store, A_BILL)
    form = {"act": "reverse", "on": "2026-12-01", **WHO}
    assert client.post("/payments/R-1/", form, headers=OURS).status_code == 302
    text = text_of(client.get("/payments/R-1/?done=reverse"))
    assert "It is taken back." in text
    assert "taken back" in text
    assert behind.store.balance_cents(account_id(1)) == 3 * A_BILL


def test_a_pledge_whose_check_bounced_says_so(client: Any, behind: Behind) -> None:
    desk = pledge_desk(behind.system())
    given = {"agency": "Heartland", "for_items": [bill_item(0)], "by": "Ana", "cents": 100_00}
    promise_pledge("P-1", account_id=account_id(1), desk=desk, **given)
    receive_pledge("P-1", cents=100_00, payment_key="chk-1", on=desk.today, by="Ana", desk=desk)
    assert "P-1 of Heartland: received; $100.00 of $100.00" in text_of(
        client.get("/payments/chk-1/")
    )

    form = {"act": "reverse", "on": desk.today.isoformat(), **WHO}
    assert client.post("/payments/chk-1/", form, headers=OURS).status_code == 302

    text = text_of(client.get("/payments/chk-1/"))
    assert f"P-1 of Heartland: pending, $100.00 came back by {desk.today}; $0.00 of" in text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"act": "reverse", "on": "yesterday"}, "is not a day"),
        ({"act": "burn"}, "Nothing was chosen"),
        ({"act": "reverse", "on": "2026-12-01", "author": " "}, "Nobody says who decides this"),
        ({"act": "assign", "account": account_id(2)}, "only unapplied money is assigned"),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(
    client: Any, behind: Behind, form: dict[str, str], words: str
) -> None:
    pay(behind.store, A_BILL)
    answer = client.post("/payments/R-1/", {**WHO, **form}, headers=OURS)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert behind.store.receipt("R-1").state is ReceiptState.POSTED


def test_unapplied_money_waits_on_the_page_until_it_has_an_account(
    client: Any, behind: Behind
) -> None:
    take_lines(behind.store, [(account_id(1), 5_00), ("77", 1_00)])
    text = text_of(client.get("/payments/"))
    assert "1 payment of $1.00 in 253.unapplied" in text
    assert "Nobody has the account &#x27;77&#x27;" in text
    assert "1 posted</a>" in text
    file = text_of(client.get(f"/payments/files/{'a' * 64}/"))
    assert "Every line and every cent" in file
    key = behind.store.receipts(state=ReceiptState.UNAPPLIED)[0].receipt.payment_key
    form = {"act": "assign", "account": account_id(2), **WHO}
    assert client.post(f"/payments/{key}/", form, headers=OURS).status_code == 302
    assert "All money is on an account." in text_of(client.get("/payments/"))
    assert behind.store.payments_of_account(account_id(2))[0].received_day == RECEIVED


def test_unapplied_money_is_split_over_a_combined_statement_by_the_same_form(
    client: Any, behind: Behind
) -> None:
    keep_combinations(behind.store)
    take_lines(behind.store, [("77", 2 * A_BILL)])
    key = behind.store.receipts(state=ReceiptState.UNAPPLIED)[0].receipt.payment_key
    form = {"act": "assign", "statement": STATEMENT, **WHO}
    both = client.post(f"/payments/{key}/", {**form, "account": account_id(2)}, headers=OURS)
    assert both.status_code == 422
    assert "for one account or for one combined statement" in text_of(both)
    assert f'value="{STATEMENT}"' in text_of(both)
    done = client.post(f"/payments/{key}/", form, headers=OURS)
    assert done.status_code == 302
    text = text_of(client.get(done["Location"]))
    assert "It is where it belongs." in text
    assert "Its parts say it, each on its account." in text
    for number in (1, 2):
        assert f"/payments/{key}:{account_id(number)}/" in text
    part = text_of(client.get(f"/payments/{key}:{account_id(2)}/"))
    assert "One sum for a combined statement" in part
    day = f"/payments/days/{RECEIVED}/lockbox/?file={'a' * 64}"
    listed = text_of(client.get(day))
    assert "2 payments, $330.38" in listed  # its parts, and not the check beside them
    assert f'href="/payments/{key}/"' not in listed
    assert "1 payment, $330.38" in text_of(client.get(f"{day}&state=divided"))
    back = {"act": "reverse", "on": "2026-12-01", **WHO}
    assert client.post(f"/payments/{key}/", back, headers=OURS).status_code == 302
    assert behind.store.balance_cents(account_id(2)) == 3 * A_BILL
    assert "2 payments, $330.38" in text_of(client.get(f"{day}&state=returned"))


def test_an_account_shows_what_is_open_and_its_payments(client: Any, behind: Behind) -> None:
    pay(behind.store, A_BILL)
    text = text_of(client.get(f"/accounts/{account_id(1)}/"))
    assert '<a href="/payments/R-1/"><code>R-1</code></a>' in text
    assert f">{entry_words(bill_item(1))}</a>" in text
    opened = text.partition("What is open")[2].partition("</table>")[0]
    assert f">{entry_words(bill_item(0))}</a>" not in opened


def test_what_nobody_knows_is_not_found(client: Any) -> None:
    assert client.get("/payments/R-9/").status_code == 404
    assert client.get(f"/payments/files/{'b' * 64}/").status_code == 404


TAKEN = {"account": account_id(1), "usd": "165.19", "key": "desk-7", "tender": "cash"}


def test_money_is_taken_at_the_office_by_a_form(client: Any, behind: Behind) -> None:
    assert "up to 64 plain characters" in text_of(client.get("/payments/take/")).lower()
    answer = client.post("/payments/take/", TAKEN, headers=OURS)
    assert (answer.status_code, answer["Location"]) == (302, "/payments/desk-7/?done=take")
    shown = text_of(client.get(answer["Location"]))
    assert "The payment is taken and posted." in shown
    assert f">{entry_words(bill_item(0))}</a>" in shown
    again = client.post("/payments/take/", TAKEN, headers=OURS)
    assert again.status_code == 302
    assert behind.store.receipt("desk-7").receipt.cents == A_BILL


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"usd": "1e3"}, "is not an amount of dollars"),
        ({"usd": "0"}, "is not an amount above zero"),
        ({"account": "nobody"}, "no account"),
        ({"key": " "}, "is not a payment key"),
        ({"tender": "card"}, "A desk takes cash, a check or a money order"),
        ({"on": "yesterday"}, "is not a day"),
        ({"on": "2099-01-01"}, "and today is"),
    ],
    ids=lambda one: str(one)[:20],
)
def test_what_a_desk_cannot_take_is_refused_and_stays_typed(
    client: Any, behind: Behind, wrong: dict[str, str], words: str
) -> None:
    answer = client.post("/payments/take/", TAKEN | wrong, headers=OURS)
    said = " ".join(answer.content.decode().split())
    assert answer.status_code in (404, 422), said[:500]
    assert words in said
    assert 'value="desk-7"' in said or "key" in wrong
    assert not behind.store.receipts(state=ReceiptState.POSTED)


CHECK = {"statement": STATEMENT, "usd": "330.38", "key": "desk-9", "tender": "check"}
REVERSE = {"act": "reverse", "on": "2026-12-01", **WHO}


def test_a_check_for_a_combined_statement_is_taken_and_goes_back_whole(
    client: Any, behind: Behind
) -> None:
    keep_combinations(behind.store)
    answer = client.post("/payments/take/", CHECK, headers=OURS)
    assert answer["Location"] == "/payments/desk-9/?done=take", answer.content.decode()[:500]
    second = f"desk-9:{account_id(2)}"
    shown = text_of(client.get(answer["Location"]))
    assert "One sum for a combined statement" in shown
    assert "$330.38 for" in shown
    assert f'<a href="/payments/{second}/">{second}</a>' in shown
    assert f">{entry_words(bill_item(0))}</a>" in shown
    part = client.post(f"/payments/{second}/", REVERSE, headers=OURS)
    assert part.status_code == 422
    assert "It is a part of payment desk-9" in text_of(part)
    back = client.post("/payments/desk-9/", REVERSE, headers=OURS)
    assert back.status_code == 302
    assert behind.store.receipt(second).state is ReceiptState.RETURNED


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"account": account_id(1)}, "Money is for one account or for one combined statement"),
        ({"statement": ""}, "Money is for one account or for one combined statement"),
        ({"statement": "CB-NONE"}, "There is no combined statement CB-NONE"),
    ],
)
def test_money_for_both_or_for_no_statement_is_refused(
    client: Any, behind: Behind, wrong: dict[str, str], words: str
) -> None:
    keep_combinations(behind.store)
    answer = client.post("/payments/take/", CHECK | wrong, headers=OURS)
    assert answer.status_code in (404, 422)
    assert words in " ".join(answer.content.decode().split())
    assert not behind.store.receipts(state=ReceiptState.POSTED)


def test_a_days_payments_open_one_by_one(client: Any, behind: Behind) -> None:
    pay(behind.store, A_BILL)
    pay(behind.store, 10_00, "R-2", number=2)
    day = f"/payments/days/{RECEIVED}/office/"
    shown = text_of(client.get("/payments/"))
    assert f'href="{day}?state=posted">2 posted</a>' in shown
    listed = text_of(client.get(f"{day}?state=posted"))
    assert "2 payments, $175.19" in listed
    assert 'href="/payments/R-2/"' in listed
    assert "There is none." in text_of(client.get(f"{day}?state=returned"))
    assert client.get("/payments/days/2026-13-01/office/").status_code == 422
    assert client.get(f"/payments/days/{RECEIVED}/pigeon/").status_code == 404


def test_payments_of_long_ago_are_shown_where_none_came_since(client: Any, behind: Behind) -> None:
    pay(behind.store, A_BILL, "old", received_day=date(2025, 3, 10))
    shown = text_of(client.get("/payments/"))
    assert "No money was received in the 14 days to today" in shown
    assert 'href="/payments/days/2025-03-10/office/?state=posted">1 posted</a>' in shown
