"""The mail log: where it is read, what its lines say, what they add up to."""
