"""What waits in Exim's spool, as the same snapshots that the queues of Postfix give.

``spool`` follows the files, ``look`` opens one; ``header_file`` and ``message_id`` know their
formats.
"""
