"""Which kinds of files are read as tables, in one list for readers, uploads and data roots."""

TEXTS = (".csv", ".tsv", ".txt", ".tab")
WORKBOOKS = (".xlsx", ".xls", ".xlsb", ".ods")
TABLES = (*WORKBOOKS, *TEXTS, ".parquet")
"""The usual endings; the kind itself is told by the content."""


def named_kinds() -> str:
    """The kinds as a sentence names them."""
    return f"a file of the kind {', '.join(TABLES[:-1])} or {TABLES[-1]}"
