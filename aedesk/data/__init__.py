"""Sets of images: where they come from, and how they are held. No torch in here."""
