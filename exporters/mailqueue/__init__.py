"""Mail queues: what waits in Postfix's spool, and who submits how much to it.

Two collectors: `mailqueue` reads the names of the queue files, `maillog` follows the log.
"""
