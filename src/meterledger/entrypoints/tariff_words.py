"""The tariff book as JSON and words, for the command line and the pages alike.

Lives here      how a value of each kind is written; a sheet on a day; what `tariff check` notices.
Lives elsewhere reading and choosing values (``rulebook``).
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from meterledger.billing import CONTACT_VALUES, channel_values, gate_values
from meterledger.facts.taxes import SERIES_OF_TAX
from meterledger.kernel.money import micro_usd_text
from meterledger.ledger import SETTLEMENT_VALUES
from meterledger.metering import EVENT_VALUES
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.ours import OURS
from meterledger.rulebook.schedule import Program, Schedule, Seasons, ServiceClass, TimeOfUse
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.usage import reactive_values, validation_values
from meterledger.usecases.rule_registry import RULES
from meterledger.usecases.term_of_use import names_of_terms

STALE_AFTER = timedelta(days=400)
ENDS_SOON = timedelta(days=120)


def value_text(kind: str, value: Any) -> str:
    """A value of any kind as one line of text."""
    if kind == "price":
        return micro_usd_text(value)
    if isinstance(value, Fraction):
        return _number_text(value)
    if isinstance(value, Seasons):
        summer = [str(month + 1) for month, name in enumerate(value.months) if name == "summer"]
        noun = "billing periods" if value.by_period else "months"
        return f"summer in {noun} {', '.join(summer)}"
    if isinstance(value, TimeOfUse):
        return "; ".join(_season_windows(value, season) for season in value.working_day)
    if isinstance(value, Schedule | Program):
        return ", ".join(charge.label for charge in value.charges)
    if isinstance(value, ServiceClass):
        return f"{value.service_class}: {', '.join(value.schedules)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, frozenset):
        return ", ".join(day.isoformat() for day in sorted(value))
    return str(value)


def _number_text(value: Fraction) -> str:
    millionths = value * 1_000_000
    if millionths.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, part = divmod(abs(int(millionths)), 1_000_000)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:06d}".rstrip("0").rstrip(".")


def _season_windows(value: TimeOfUse, season: str) -> str:
    working, resting = value.working_day[season], value.weekend_or_holiday[season]
    if working == resting:
        return f"{season} every day {_windows(working)}"
    return f"{season} working days {_windows(working)}, weekends and holidays {_windows(resting)}"


def _windows(days: Any) -> str:
    return ", ".join(
        f"{_clock(one.from_minute)}-{_clock(one.until_minute)} {one.period}" for one in days.windows
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def dated_json(kind: str, dated: DatedValue[Any]) -> dict[str, Any]:
    """One dated value: text, days, standing, clause and when we learned it."""
    return {
        "value": value_text(kind, dated.value),
        "effective_from": dated.days.from_day.isoformat(),
        "effective_until": dated.days.until_day.isoformat() if dated.days.until_day else None,
        "standing": dated.standing.value,
        "citation": dated.citation.as_json(),
        "limited_by": [citation.as_json() for citation in dated.limited_by],
        "learned_on": dated.learned_on.isoformat(),
        "source": dated.source,
        "note": dated.note,
    }


def sheet_json(view: BookView, sheet: str | None, day: date) -> dict[str, Any]:
    """Every value of a folder of the book as it stood on a day; silence is shown as such.

    :raises NoSuchValue: if the book has no such folder
    """
    folders = sorted({view.file_of(name).partition("/")[0] for name in view.names()})
    if sheet is not None and f"sheet_{sheet.zfill(3)}" in folders:
        sheet = f"sheet_{sheet.zfill(3)}"  # an analyst says 54
    if sheet is not None and sheet not in folders:
        raise NoSuchValue(
            f"The book has no sheet '{sheet[:60]}'", do=f"Name one of {', '.join(folders)}"
        )
    values = []
    for name in view.names():
        if sheet is not None and view.file_of(name).partition("/")[0] != sheet:
            continue
        series = view.series(name)
        kind = view.kind_of(name)
        row: dict[str, Any] = {
            "name": name,
            "unit": series.unit,
            "kind": kind,
            "shown": "-",
            "standing": None,
            "citation": None,
            "silence": "",
        }
        try:
            dated = series.on(day)
            text = value_text(kind, dated.value)
            row |= dated_json(kind, dated)
            row["shown"] = text if len(text) <= 40 else f"{text[:37]}..."
        except NoRuleInForce:
            row["silence"] = "no value in force"
        values.append(row)
    return {"sheet": sheet or view.name, "on": day.isoformat(), "values": values}


def check_book(view: BookView, today: date) -> list[dict[str, str]]:
    """What a rate analyst should look at: gaps in dates, values that end, stale, or unused.

    A file that cannot be used, or two values for one day, never come this far: the loader refuses
    the whole book.
    """
    used = _used_names(view)
    used |= {name for rule in RULES.values() for name in rule.values}
    used |= {name for name in view.names() if view.provision_of(name)}  # coverage measures these
    findings: list[dict[str, str]] = []
    for name in view.names():
        series = view.series(name)
        for before, after in zip(series.values[:-1], series.values[1:], strict=True):
            if before.days.until_day != after.days.from_day:
                findings.append(
                    _finding(
                        "gap",
                        f"{series.file}: no value of '{name}' from {before.days.until_day} until "
                        f"{after.days.from_day}. Bills of those days are held.",
                    )
                )
        last = series.values[-1].days.until_day if series.values else None
        if series.provision:
            last = None  # its provision says what holds after the last text
        if last is not None and last <= today:
            findings.append(
                _finding(
                    "ended",
                    f"{series.file}: no value of '{name}' since {last}. Bills of those days are "
                    "held.",
                )
            )
        elif last is not None and last - today < ENDS_SOON:
            findings.append(
                _finding("ends", f"{series.file}: '{name}' ends on {last}. Find what follows it.")
            )
        if today - view.last_checked_on(name) > STALE_AFTER:
            findings.append(
                _finding(
                    "stale",
                    f"{series.file}: nobody has looked since {view.last_checked_on(name)}.",
                )
            )
        if name not in used:
            findings.append(_finding("unused", f"{series.file}: nothing uses '{name}'."))
    return findings


def _finding(weight: str, sentence: str) -> dict[str, str]:
    return {"weight": weight, "sentence": sentence}


USED_BY_ROOMS = frozenset(
    {
        "bank_match_days_after",
        "bank_match_days_before",
        "bank_unseen_overdue_days",
        "billing_leaves_uncharged",
        "billing_period_number_rule",
        "block_share_between_periods",
        "cycle_read_day_rule",
        "due_days_after_rendition",
        "due_usual_on_closed_day",
        "gate_period_left_uncharged",
        "gate_rendered_within_days",
        "gross_receipts_governing_day",
        "gross_receipts_gross_up",
        "interval_kw_max",
        "meters_unmetered_billing_power_factor",
        "normal_period_days",
        "payment_file_refused_percent",
        "reading_cycle_count",
        "register_most_watts",
        "regular_period_days_max",
        "regular_period_days_min",
        "residential_options_of_ami_meters",
        "residential_options_of_amr_meters",
        "sales_tax_governing_day",
        "season_method_switch",
        "season_proration_basis",
        "special_charge_most_usd",
        "true_up_look_back_days",
    }
)
"""Names that rules in rooms ask for; schedules, calendars and tax places name the others."""


TAX_SERIES = tuple(one for beginnings in SERIES_OF_TAX.values() for one in beginnings)
"""How the rates of taxes are named: each by its jurisdiction, which a premise names."""


def used_without_rules(view: BookView) -> frozenset[str]:
    """Values that bills, schedules, calendars and tax places use, so that no rule has to."""
    return frozenset(_used_names(view))


def _used_names(view: BookView) -> set[str]:
    used = set(USED_BY_ROOMS) | EVENT_VALUES | CONTACT_VALUES | validation_values(view.names())
    used |= gate_values(view.names()) | channel_values(view.names())
    used |= reactive_values(view.names()) | names_of_terms(view)
    used |= (SETTLEMENT_VALUES | OURS) & set(view.names())
    for name in view.names():
        alone = view.kind_of(name) in ("schedule", "program", "service_class")
        if alone or name.startswith(TAX_SERIES):
            used.add(name)
        for dated in view.series(name).values:
            value = dated.value
            if isinstance(value, Schedule | Program):
                used |= value.names()
            elif isinstance(value, TimeOfUse):
                used.add(value.holidays)
    return used
