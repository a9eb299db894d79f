"""From alerts to incidents to pages: the decisions, and their rows in one transaction."""
