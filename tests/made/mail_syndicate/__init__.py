"""Weeks of the mail log of a syndicate of 6,000 users, made from a seed."""
