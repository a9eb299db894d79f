"""The monthly duty statement (*état d'astreinte*): pure rules over dated rate tables."""
