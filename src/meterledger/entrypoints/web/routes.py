"""The addresses of the pages. Bill numbers may hold ``/`` and ``:``, as service points may."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterledger.entrypoints.web import accounts, bills, book

urlpatterns: list[URLPattern] = [
    path("", accounts.find_account, name="home"),
    path("accounts/<str:account_id>/", accounts.account_page, name="account"),
    path("bills/<path:bill_id>/record.json", bills.bill_record, name="bill-record"),
    path("bills/<path:bill_id>.pdf", bills.bill_document, name="bill-pdf"),
    path("bills/<path:bill_id>/", bills.bill_page, name="bill"),
    path("book/", book.contents, name="book"),
    path("book/schedules/<str:code>/", book.schedule_page, name="schedule"),
    path("book/<str:name>/", book.clause_page, name="clause"),
]
