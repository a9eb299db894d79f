"""A small shared datacenter on loopback, of real servers: for the demo, the drill and the tests.

One file a server. Each is started in the foreground or by its own master, in a
folder of its own, and stopped by the process ids it started.
"""
