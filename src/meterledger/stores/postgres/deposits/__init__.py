"""Deposits and guarantees with their steps."""
