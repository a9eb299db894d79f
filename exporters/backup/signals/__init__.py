"""What a run's amounts say beside those of the runs before: encrypted in place, shrunk. Pure."""
