"""Whom a route reads about and why is stated, logged, and checked before the server starts."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from tests.doors.web_town import WebTown

from meterledger.entrypoints.site.urls import urlpatterns
from meterledger.entrypoints.web.policy import (
    RouteWithoutPolicy,
    policy_of,
    refuse_routes_without_policy,
)

BOOK_ONLY = {
    "book",
    "chapter",
    "clause",
    "coverage",
    "missing",
    "provision",
    "reading",
    "readings",
    "rule",
    "rules",
    "schedule",
    "sheet",
}

OF_NO_ONE_ACCOUNT = {
    "bank-expected",
    "bank-line",
    "bank-match",
    "finance-account",
    "payment-file",
    "payments-day",
    "quarantined",
    "usage-case",
    "usage-day",
    "usage-meter",
}
"""Of a day, a file, a meter or a ledger account: no one customer's."""


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("anything")


class TestARouteWithNoPolicy:
    def test_does_not_start(self) -> None:
        with pytest.raises(RouteWithoutPolicy, match=r"No policy is declared for /bare/"):
            refuse_routes_without_policy([*urlpatterns, path("bare/", bare)])

    def test_is_found_however_deep_it_hides(self) -> None:
        nested = path("a/", include([path("b/", include([path("c/", bare)]))]))
        with pytest.raises(RouteWithoutPolicy, match="/a/b/c/"):
            refuse_routes_without_policy([nested])

    def test_is_none_of_ours(self) -> None:
        refuse_routes_without_policy(urlpatterns)


class TestPolicies:
    def test_of_everything_but_the_book_are_personal(self) -> None:
        declared = {pattern.name: policy_of(pattern.callback) for pattern in urlpatterns}
        assert {name for name, policy in declared.items() if policy and not policy.personal} == (
            BOOK_ONLY
        )

    @pytest.mark.parametrize(
        ("address", "purpose", "logged"),
        [
            ("/", "find an account", ["list of accounts"]),
            ("/accounts/0000000018/", "read an account", ["0000000018"]),
            ("/bills/{bill}/", "read a bill", ["{bill}", "0000000018"]),
            (
                "/bills/{bill}/versus/{before}/",
                "compare two bills",
                ["{bill} {before}", "0000000018"],
            ),
            ("/bills/{bill}.pdf", "print a bill", ["{bill}", "0000000018"]),
            ("/bills/{bill}/record.json", "read a bill's record", ["{bill}", "0000000018"]),
            ("/corrections/{bill}/", "correct a bill", ["{bill}", "0000000018"]),
            (
                "/deposits/ask/?account=0000%20000018&earlier=1,0000000026",
                "ask for a deposit",
                ["deposits", "0000000018 0000000026"],
            ),
            ("/settlements/ask/?account=77", "ask for a refund", ["refunds"]),
            ("/settlements/ask/?account=0000000018", "ask for a refund", ["refunds", "0000000018"]),
            (
                "/payments/take/?account=0000000018",
                "take money at the desk",
                ["payments", "0000000018"],
            ),
            ("/payments/take/", "take money at the desk", ["payments"]),
        ],
    )
    def test_put_every_look_into_the_log_and_whose_account_it_is(
        self, address: str, purpose: str, logged: list[str], client: Client, web_town: WebTown
    ) -> None:
        before, bill = (one.bill_id for one in web_town.bills(1)[:2])
        log = web_town.town.store.read_log
        looks = len(log)

        assert client.get(address.format(bill=bill, before=before)).status_code == 200

        assert [" ".join(subjects) for _, subjects in log[looks:]] == [
            one.format(bill=bill, before=before) for one in logged
        ]
        assert {(viewer.name, viewer.purpose) for viewer, _ in log[looks:]} == {
            ("this machine", purpose)
        }

    def test_of_one_thing_of_a_customer_say_how_its_account_is_found(self) -> None:
        """A route that names a bill, a deposit or a payment and no account tells whose it is."""
        silent = {
            str(pattern.name)
            for pattern in urlpatterns
            if (policy := policy_of(pattern.callback))
            and policy.personal
            and "<" in str(pattern.pattern)
            and "account_id" not in str(pattern.pattern)
            and not policy.tells_accounts
        }
        assert silent == OF_NO_ONE_ACCOUNT

    def test_of_the_book_look_at_nobody(self, client: Client, web_town: WebTown) -> None:
        looks = len(web_town.town.store.read_log)
        for address in (
            "/book/",
            "/book/chapters/riders/",
            "/book/fac_usd_per_kwh/",
            "/book/missing/",
            "/book/readings/",
            "/book/rules/",
            "/book/schedules/1M-smart/",
        ):
            assert client.get(address).status_code == 200
        assert len(web_town.town.store.read_log) == looks


class TestEveryAnswer:
    ADDRESSES = (
        "/",
        "/accounts/0000000018/",
        "/book/",
        "/book/coverage/",
        "/nowhere/",
        "/accounts/1/",
    )

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_is_kept_from_caches_frames_and_other_sites(self, address: str, client: Client) -> None:
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
    def test_to_anything_but_reading_is_no(self, method: str, client: Client) -> None:
        for address in ("/", "/accounts/0000000018/", "/book/"):
            assert getattr(client, method)(address).status_code == 405

    def test_to_another_name_is_no(self, client: Client) -> None:
        response = client.get("/", headers={"host": "meter.example"})
        assert response.status_code == 400
        assert b"Ana" not in response.content
        assert b"answer browsers on this machine only" in response.content

    def test_has_no_script_or_style_inside(self, client: Client, web_town: WebTown) -> None:
        pages: list[Any] = [client.get(address) for address in self.ADDRESSES]
        pages += [client.get(f"/bills/{bill}/") for bill in web_town.bill_ids()[:3]]
        for page in pages:
            content = page.content.decode()
            assert "<style" not in content
            assert " style=" not in content
            assert "<script>" not in content
            assert " on" + "click=" not in content
