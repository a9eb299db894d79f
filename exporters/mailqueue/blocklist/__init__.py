"""Whether our own outgoing addresses are on the block lists that other mail servers ask."""
