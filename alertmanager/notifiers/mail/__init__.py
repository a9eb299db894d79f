"""E-mail: the page as a mail, its bounce as proof that it did not arrive, a reply as an answer."""
