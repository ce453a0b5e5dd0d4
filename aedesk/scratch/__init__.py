"""The dense networks in NumPy alone: forward, backward and training written by hand. No torch in here."""
