"""What proves that the pager loses nothing: a gateway that counts, pagers that die on order."""
