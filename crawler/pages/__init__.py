"""What a page says, and where it points."""
