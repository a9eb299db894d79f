"""The process `vigie-webhook`: its settings, its HTTP interface and its loops."""
