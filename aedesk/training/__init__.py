"""Training as a generator of events: no threads and no screen in here."""
