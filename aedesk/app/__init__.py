"""What the window does, without a window: state, verbs and background work. No Tk in here."""
