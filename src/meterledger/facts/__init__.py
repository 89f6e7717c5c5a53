"""What is true, in frozen records, in the order of the pipeline. No rules, no storage.

Lives here      one module per stage: places, readings, usage, charges, bills, money, findings.
Lives elsewhere deciding anything (the rooms) and keeping anything (``stores``).
Read first      docs/glossary.md, which names each of these nouns once.
"""
