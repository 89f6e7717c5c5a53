"""The extensions room: what a line extension costs its customer, and what is refunded.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []
