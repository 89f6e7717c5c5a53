"""The addresses of the pages. Bill numbers may hold ``/`` and ``:``, as service points may."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterledger.entrypoints.web import (
    accounts,
    bills,
    book,
    case_pages,
    chapters,
    coverage,
    held_pages,
    incoming,
    intake_pages,
    provisions,
    rate_options,
    readings,
    rules,
    sheets,
    usage_pages,
    usage_reports,
)

urlpatterns: list[URLPattern] = [
    path("", accounts.find_account, name="home"),
    path("accounts/<str:account_id>/compare/", rate_options.compare_page, name="compare"),
    path("accounts/<str:account_id>/", accounts.account_page, name="account"),
    path("bills/<path:bill_id>/record.json", bills.bill_record, name="bill-record"),
    path("bills/<path:bill_id>.pdf", bills.bill_document, name="bill-pdf"),
    path("bills/<path:bill_id>/", bills.bill_page, name="bill"),
    path("held/", held_pages.queue_page, name="held"),
    path("held/runs/", held_pages.runs_page, name="held-runs"),
    path("held/<str:case_id>/", held_pages.case_page, name="held-case"),
    path("api/readings", incoming.take_readings, name="take-readings"),
    path("usage/", usage_pages.queue_page, name="usage-queue"),
    path("usage/report/", usage_reports.health_page, name="usage-report"),
    path("usage/replaced/", usage_reports.replaced_page, name="usage-replaced"),
    path("usage/intake/", intake_pages.intake_page, name="intake"),
    path("usage/quarantine/", intake_pages.quarantine_page, name="quarantine"),
    path("usage/quarantine/<int:number>/", intake_pages.line_page, name="quarantined"),
    path("usage/cases/", case_pages.cases_page, name="usage-cases"),
    path("usage/cases/<path:case_id>/", case_pages.case_page, name="usage-case"),
    path("usage/days/<str:day>/<path:meter_id>/", usage_pages.day_page, name="usage-day"),
    path("usage/meters/<path:meter_id>/", usage_reports.meter_page, name="usage-meter"),
    path("book/", chapters.contents, name="book"),
    path("book/chapters/<str:chapter>/", chapters.chapter_page, name="chapter"),
    path("book/provisions/<str:provision>/", provisions.provision_page, name="provision"),
    path("book/sheets/<slug:slug>/", sheets.sheet_page, name="sheet"),
    path("book/missing/", sheets.missing_page, name="missing"),
    path("book/readings/", readings.readings_page, name="readings"),
    path("book/readings/<str:key>/", readings.reading_page, name="reading"),
    path("book/rules/", rules.rules_page, name="rules"),
    path("book/rules/<str:rule_id>/", rules.rule_page, name="rule"),
    path("book/coverage/", coverage.coverage_map, name="coverage"),
    path("book/schedules/<str:code>/", book.schedule_page, name="schedule"),
    path("book/<str:name>/", book.clause_page, name="clause"),
]
