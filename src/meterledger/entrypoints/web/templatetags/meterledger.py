"""How amounts, days and energy are written on pages: the words of ``entrypoints/web/words``."""

from __future__ import annotations

import re

from django import template
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString

from meterledger.entrypoints.web import money_words, words
from meterledger.kernel.money import usd_display, usd_shown

register = template.Library()
register.filter("usd", usd_display)
register.filter("usd_told", usd_shown)
register.filter("day", words.day_words)
register.filter("short_day", words.short_day_words)
register.filter("span", words.span_words)
register.filter("validity", words.validity_words)
register.filter("kwh", words.kwh_words)
register.filter("table_day", words.table_day_words)
register.filter("period", words.period_words)
register.filter("unstopped", words.sentence_without_stop)
register.filter("unlined", words.option_words)
register.filter("worked", words.worked_words)
register.filter("place", words.place_words)
register.filter("signed", words.signed_usd)
register.filter("less", words.less)
register.filter("month", words.month_words)
register.filter("dated", words.dated)
register.filter("without_options", words.without_options)
register.filter("tender", money_words.tender_words)
register.filter("item_words", money_words.entry_words)
register.filter("item_address", money_words.cause_address)


@register.filter
def commands(text: str) -> SafeString:
    """Words between backticks, as code: what a reader may type."""
    parts = re.split(r"`([^`]*)`", text)
    return format_html_join(
        "",
        "{}<code>{}</code>",
        ((parts[number], parts[number + 1]) for number in range(0, len(parts) - 1, 2)),
    ) + conditional_escape(parts[-1])
