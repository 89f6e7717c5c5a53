"""How amounts, days and energy are written on pages: the words of ``entrypoints/web/words``."""

from __future__ import annotations

from django import template

from meterledger.entrypoints.web import words
from meterledger.kernel.money import usd_display

register = template.Library()
register.filter("usd", usd_display)
register.filter("day", words.day_words)
register.filter("short_day", words.short_day_words)
register.filter("span", words.span_words)
register.filter("validity", words.validity_words)
register.filter("kwh", words.kwh_words)
