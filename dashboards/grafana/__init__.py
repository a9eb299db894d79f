"""Operators' dashboards as code.

Built with the SDK (development only): boards, rows, panels, limits -> one JSON a dashboard.
Shipped and used at run time, without the SDK: the JSON, shipped, queries, emptiness.
"""
