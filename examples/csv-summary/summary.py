"""Summarises a table in CSV: for each column, what there is in it."""

import csv
import io
import statistics


def main(params):
    """Take {"csv": text, "delimiter": ","?}; return {"rows": n, "columns": [...]}."""
    text = params.get("csv")
    if not isinstance(text, str) or not text.strip():
        return {"error": 'the parameter "csv" must be a text with a header line'}
    delimiter = params.get("delimiter", ",")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    names = list(rows[0]) if rows else next(csv.reader(io.StringIO(text), delimiter=delimiter))
    print(f"summarising {len(rows)} rows of {len(names)} columns")
    return {"rows": len(rows), "columns": [describe(name, [row[name] for row in rows]) for name in names]}


def describe(name, values):
    """Describe one column: its numbers, or else its most frequent text."""
    present = [value for value in values if value not in (None, "")]
    column = {"name": name, "missing": len(values) - len(present), "distinct": len(set(present))}
    numbers = [number(value) for value in present]
    if numbers and None not in numbers:
        column.update(
            type="number",
            min=min(numbers),
            max=max(numbers),
            mean=round(statistics.fmean(numbers), 3),
            median=statistics.median(numbers),
            sum=round(sum(numbers), 3),
        )
    else:
        column.update(type="text", top=statistics.mode(present) if present else None)
    return column


def number(text):
    """Return the text's number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value - value == 0 else None  # neither infinite nor NaN
