"""Everything that answers a scrape: one process a host, collectors are plugins."""
