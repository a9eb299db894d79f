"""The statement as files: JSON, CSV, XLSX, PDF and text. Each is a pure function to bytes.

`xlsx` and `pdf` need the extra `statement`; the others the standard library alone.
"""
