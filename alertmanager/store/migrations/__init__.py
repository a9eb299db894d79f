"""Alembic migrations, shipped with the program and applied at its start."""
