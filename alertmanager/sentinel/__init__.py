"""The process `vigie-sentinel`: watches the pager, and pages by a path that shares nothing with it.

It has its own state, settings, gateway and list of people, and imports nothing of the pager's
store: what breaks one must not break the other.
"""
