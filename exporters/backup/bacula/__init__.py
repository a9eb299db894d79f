"""Bacula's catalogue, which Bareos has too: every run, every restore, in one table."""
