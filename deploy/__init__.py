"""Everything that installs, starts, wires and checks. May import all; nobody imports it."""
