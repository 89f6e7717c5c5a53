"""The pages of settlements: what waits, one with its reasons, and a second person who decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.doors.settled_web_town import AT, DEBTOR, ENDED, LIVE, SettledTown, settled_town
from tests.stores.paper_town import ANALYST, bill_of

from meterledger.entrypoints.web import system
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.transfer_balance import transfer_balance

OURS = {"sec-fetch-site": "same-origin"}
BEN = {"author": "Ben Ito", "reason": "The credit is there, seen on the ledger"}


@pytest.fixture
def behind() -> SettledTown:
    return settled_town()


@pytest.fixture
def client(behind: SettledTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def address(behind: SettledTown) -> str:
    return f"/settlements/{behind.asked}/"


def decide(client: Any, behind: SettledTown, act: str, **typed: str) -> Any:
    return client.post(address(behind), {"act": act, **BEN, **typed}, headers=OURS)


class TestTheQueue:
    def test_shows_what_waits_for_a_second_person(self, client: Any, behind: SettledTown) -> None:
        text = text_of(client.get("/settlements/"))

        assert "1 waits for a second person, $20.00 together." in text
        assert f'href="{address(behind)}"' in text
        assert "Ana Rivera" in text

    def test_is_filtered_by_kind(self, client: Any, behind: SettledTown) -> None:
        assert address(behind) in text_of(client.get("/settlements/?kind=refund"))
        assert address(behind) not in text_of(client.get("/settlements/?kind=write-off"))

    def test_shows_what_is_under_way(self, client: Any, behind: SettledTown) -> None:
        decide(client, behind, "approve")

        text = text_of(client.get("/settlements/"))

        assert "Nothing waits for a second person." in text
        assert "Under way: 1" in text
        assert "To be sent" in text


class TestOne:
    def test_says_what_why_and_to_whom(self, client: Any, behind: SettledTown) -> None:
        text = text_of(client.get(address(behind)))

        assert "Refund of $20.00" in text
        assert "Ana Rivera has asked for it, and another person decides" in text
        assert "Asked by letter." in text
        assert "GRR VI.C.4" in text
        assert "The weakest value behind this is assumed by us" in text
        assert 'href="/payments/R-1/">payment <code>R-1</code></a>' in text

    def test_is_approved_by_another_person(self, client: Any, behind: SettledTown) -> None:
        answer = decide(client, behind, "approve")

        assert answer.status_code == 302
        assert "refund:" in text_of(client.get(address(behind)))
        assert behind.store.trial_balance()["232.refunds"] == -20_00

    @pytest.mark.parametrize("who", ["Ana Rivera", "ana rivera"])
    def test_is_not_approved_by_who_asked(self, client: Any, behind: SettledTown, who: str) -> None:
        answer = decide(client, behind, "approve", author=who)

        assert answer.status_code == 422
        assert "Ana Rivera has asked for this and cannot approve it." in text_of(answer)
        assert "232.refunds" not in behind.store.trial_balance()

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"author": ""}, "Who decides, and why, is missing"),
            ({"act": "shred"}, "No decision was chosen"),
            ({"act": "send"}, "The number of the check or of the file is missing"),
            ({"seen": "7"}, "It is not what it was when this page was opened"),
        ],
    )
    def test_is_not_decided_by_half_a_form(
        self, client: Any, behind: SettledTown, typed: dict[str, str], words: str
    ) -> None:
        answer = client.post(address(behind), {"act": "approve", **BEN, **typed}, headers=OURS)

        assert (answer.status_code, words in text_of(answer)) == (422, True)

    def test_is_refused_and_ends(self, client: Any, behind: SettledTown) -> None:
        decide(client, behind, "refuse")

        text = text_of(client.get(address(behind)))

        assert "Refused" in text
        assert "<form" not in text.partition("On record")[0].partition("Decide")[2]

    def test_is_not_decided_from_another_site(self, client: Any, behind: SettledTown) -> None:
        answer = client.post(address(behind), {"act": "approve", **BEN})

        assert answer.status_code >= 400
        assert "232.refunds" not in behind.store.trial_balance()

    def test_that_is_not_there_is_not_found(self, client: Any) -> None:
        answer = client.get("/settlements/refund:x/")

        assert answer.status_code == 404
        assert "There is no settlement refund:x" in text_of(answer)

    def test_looks_are_logged_with_whom_and_why(self, client: Any, behind: SettledTown) -> None:
        client.get(address(behind))

        (first, subjects), (second, accounts) = behind.store.read_log[-2:]
        assert (first.purpose, subjects) == ("decide a settlement", (behind.asked,))
        assert (second.purpose, accounts) == ("decide a settlement", (ENDED,))
        with behind.store.viewing(ANALYST, [ENDED]):
            assert behind.store.settlement(behind.asked).awaits_approval


class TestAPartOfABalance:
    def test_names_the_other_parts_and_goes_back_with_them(
        self, client: Any, behind: SettledTown
    ) -> None:
        store = behind.store
        with store.viewing(ANALYST, ["all"]):
            store.record_bills([bill_of(2, 1, cents=20_00)])
            desk = MoneyDesk(store, behind.book, date(2026, 11, 30), AT)
            moved = transfer_balance(DEBTOR, LIVE, by="Ana", reason="asked", desk=desk)
        first, other = moved.case.settlement_id, moved.beside[0].settlement_id

        text = text_of(client.get(f"/settlements/{first}/"))

        assert f'<a href="/settlements/{other}/">$20.00 <code>{other}</code></a>: each' in text
        assert "and they go back together" in text
        undone = client.post(f"/settlements/{first}/", {"act": "undo", **BEN}, headers=OURS)
        assert undone.status_code == 302
        with store.viewing(ANALYST, ["all"]):
            assert store.balance_cents(LIVE) == 0
            assert store.balance_cents(DEBTOR) == 185_19
        assert "go back together" not in text_of(client.get(address(behind)))


class TestARefundByForms:
    FORM = {"account": ENDED, "usd": "10.00", **BEN}  # noqa: RUF012

    def test_is_asked_for_approved_by_another_and_sent(
        self, client: Any, behind: SettledTown
    ) -> None:
        shown = text_of(client.get(f"/settlements/ask/?account={ENDED}"))
        assert "has $30.00 more than it owes" in shown
        answer = client.post("/settlements/ask/", self.FORM, headers=OURS)
        assert answer.status_code == 302
        place = answer["Location"].partition("?")[0]

        def act(name: str, who: str, **more: str) -> Any:
            form = {"act": name, "author": who, "reason": "seen", **more}
            return client.post(place, form, headers=OURS)

        assert act("approve", "Ben Ito").status_code == 422
        assert act("approve", "Cleo").status_code == 302
        assert "It is sent" in text_of(client.get(place))
        assert "number of the check" in text_of(act("send", "Dan")).lower()
        assert act("send", "Dan", reference="CHK 7").status_code == 302
        assert act("came back", "Dan").status_code == 302
        with behind.store.viewing(ANALYST, ["all"]):
            case = behind.store.settlement(place.removeprefix("/settlements/").rstrip("/"))
        assert [one.act.value for one in case.steps][-2:] == ["sent", "returned"]

    def test_of_more_than_there_is_is_refused_and_stays_typed(self, client: Any) -> None:
        form = self.FORM | {"usd": "30.01", "payment": "R-1"}
        answer = client.post("/settlements/ask/", form, headers=OURS)
        assert answer.status_code == 422
        said = text_of(answer)
        assert "Not asked for" in said
        assert 'value="30.01"' in said
        assert 'value="R-1"' in said
