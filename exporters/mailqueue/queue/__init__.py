"""What waits in Postfix's queues, read in the background and served from memory.

``scanner`` runs rounds; ``ladder`` picks the best reader permitted: ``walk`` (the spool), ``showq``
(its socket), ``postqueue`` (the command); ``metrics`` renders the last ``Snapshot``.
"""
