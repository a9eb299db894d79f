"""The statement as a PDF to print and sign: A4, one section an agent."""

from alertmanager.statement.outputs.pdf.document import statement_pdf

__all__ = ["statement_pdf"]
