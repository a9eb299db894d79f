"""Stops a stolen mail account on this mail host, and starts it again.

`postfix`, `dovecot`, `spool`, `sessions` and `connections` see; `plan` decides and is pure;
`apply` and `release` do it, written down in `journal` before and after; `verdict` says
whether it is over.

ContainmentError    nothing can go on; the message (French) says what, where, what would be right
  Unsafe            the name of the account can be in no table or command
"""
