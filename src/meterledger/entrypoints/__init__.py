"""Doors: they translate, make one call, and translate back. The only readers of the clock.

Lives here      cli, web, jobs, the demo town, settings (``site``), and ``wiring``.
Lives elsewhere journeys (``usecases``), rules (the rooms), storage (``stores``).
Read first      docs/architecture.md.
"""
