"""Records to files and back."""
