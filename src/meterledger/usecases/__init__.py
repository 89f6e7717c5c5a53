"""Journeys: load, decide, record. Each states the storage it needs; none reads a clock.

Lives here      one module per journey, and the ports they need (``ports``).
Lives elsewhere deciding (the rooms), keeping (``stores``), translating (``entrypoints``).
Read first      docs/walks/one_reading.md.
"""
