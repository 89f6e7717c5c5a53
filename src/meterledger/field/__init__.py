"""The field room: who comes to which meter and when, and what a refusal leads to.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []
