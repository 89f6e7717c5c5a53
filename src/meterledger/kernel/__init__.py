"""The smallest words of the language: spans, citations, decisions, promises, rounding, money, ids.

Lives here      measures and words that every room shares; standard library only.
Lives elsewhere anything that knows what a bill, a meter or a tariff is.
Read first      docs/glossary.md: "day span", "citation", "standing", "refusal".
"""
