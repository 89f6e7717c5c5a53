"""The command line: one module per command, each with a ``register`` that main calls.

Command modules import typer and the standard library at the top and everything heavy inside the
function, so that ``meterledger --help`` and small commands answer at once.
"""
