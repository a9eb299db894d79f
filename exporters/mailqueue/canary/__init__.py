"""The canary: a small mail to each member every few minutes, and whether and when it arrives."""
