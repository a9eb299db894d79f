"""The statement as an Excel workbook: real numbers and dates, totals as formulas."""

from alertmanager.statement.outputs.xlsx.workbook import statement_xlsx

__all__ = ["statement_xlsx"]
