"""Mail: what waits in the queues, who submits how much, whether mail gets through and is wanted.

Four collectors: `mailqueue` reads the names of the queue files, `maillog` follows the log,
`mailcanary` sends mail and waits for it, `mailblocklist` asks block lists about our addresses.
"""
