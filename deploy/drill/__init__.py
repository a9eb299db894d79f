"""Drills: an attack replayed on the estate's real servers, each step measured from outside."""
