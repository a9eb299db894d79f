"""The exporter toolkit: collector contract, discovery, scrape, server. It knows no collector."""
