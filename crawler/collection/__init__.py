"""One archive on disk."""
