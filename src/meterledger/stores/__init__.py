"""Stores keep and fetch facts, and answer what journeys ask for. They never decide.

Lives here      postgres (system of record), lake (intervals), gateways (files), memory (the same
                promises in dictionaries).
Lives elsewhere the ports they answer (``usecases/ports``), the rules (rooms).
"""
