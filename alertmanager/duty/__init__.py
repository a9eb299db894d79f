"""What people change in the rosters while Vigie runs: overrides, swaps, leave. In the store."""
