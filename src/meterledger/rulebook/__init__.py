"""The rulebook: reads ``tariffs/`` into dated series and calendars; "what, on that day?"

Lives here      loading and checking the book, values on a day as known on a day, schedules.
Lives elsewhere sentences with an "if" (the rooms), the numbers themselves (``tariffs/``).
Read first      tariffs/union_electric_mo6/README.md.
"""
