"""The ways to reach a person, each a plugin of the entry-point group `vigie.notifiers`."""
