"""Documents: a bill's content as text, and its setting as tagged paper by the typst compiler.

Lives here      content, templates with their revisions, composing in one process or in several.
Lives elsewhere what a bill says (``web/bill_words``), which documents are made and kept
                (``usecases/make_documents``).
"""
