"""Operators' dashboards as code.

Built with the SDK (development only): overview, rows, panels, limits -> overview.json.
Shipped and used at run time, without the SDK: overview.json, shipped, queries, emptiness.
"""
