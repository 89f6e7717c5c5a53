"""What exempts an account stands on its page, with the clause it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from django.test import Client
from tests.doors.web_town import WebTown, build_web_town
from tests.journeys.town import VIEWER

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.tax_words import shown_exemptions, tax_place_words
from meterledger.facts.taxes import ExemptionKind, SalesTaxPlace, TaxExemption, TaxKind
from meterledger.kernel.span import Validity

LEARNED = datetime(2026, 11, 29, tzinfo=UTC)
CERTIFICATE = TaxExemption(
    *("0000000018", "", TaxKind.SALES, ExemptionKind.MANUFACTURING, "149-7", Fraction(3, 5)),
    *(Validity(date(2025, 7, 1)), LEARNED),
)


def test_a_certificate_is_shown_once_with_its_ground_and_clause(web_town: WebTown) -> None:
    with web_town.town.store.viewing(VIEWER, []):
        (service,) = web_town.town.services(1)[:1]
    exempt = replace(service, tax_exemptions=(CERTIFICATE,))

    (shown,) = shown_exemptions([exempt, exempt], web_town.town.book.as_known(date.max))

    assert (shown.tax, shown.kind, shown.part) == (
        "sales",
        "manufacturing",
        "for 0.6 of the use",
    )
    assert shown.provision == "tax.sales.manufacturing"
    assert shown.clause == "Section 144.054 RSMo, in force 2011-01-01, 144.054.2"


def test_a_certificate_older_than_its_text_is_shown_without_a_clause(web_town: WebTown) -> None:
    with web_town.town.store.viewing(VIEWER, []):
        (service,) = web_town.town.services(1)[:1]
    old = replace(CERTIFICATE, days=Validity(date(2005, 1, 1)), share=Fraction(1))

    (shown,) = shown_exemptions(
        [replace(service, tax_exemptions=(old,))], web_town.town.book.as_known(date.max)
    )

    assert (shown.clause, shown.part) == ("", "")


def test_places_are_named_with_their_sales_tax_where_it_was_said(web_town: WebTown) -> None:
    with web_town.town.store.viewing(VIEWER, []):
        (service,) = web_town.town.services(1)[:1]
    plain = tax_place_words(service)
    sold = SalesTaxPlace("PR1", "creve_coeur", Validity(date(2025, 7, 1)), LEARNED)

    assert "sales tax" not in plain
    assert tax_place_words(replace(service, sales_tax_places=(sold,))) == (
        f"{plain}, sales tax: Creve Coeur"
    )


def test_the_account_s_page_shows_it_with_a_link_to_the_clause(
    web_town: WebTown, watched_templates: None
) -> None:
    mine = build_web_town()
    mine.town.store.record_exemption(replace(CERTIFICATE, learned_at=mine.now))
    later = WebTown(mine.town, mine.now + timedelta(hours=1))
    before = system.provide(later)
    try:
        page = Client(headers={"host": "127.0.0.1"}).get("/accounts/0000000018/")
    finally:
        system.provide(before)

    said = page.content.decode()
    assert "Exempt from sales tax" in said
    assert "<code>149-7</code> (manufacturing)" in said
    assert 'href="/book/provisions/tax.sales.manufacturing/?on=2025-07-01"' in said
    assert "Section 144.054 RSMo, in force 2011-01-01, 144.054.2" in said
