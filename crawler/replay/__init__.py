"""Showing an archive in a web browser, offline: engines of others, shut in by two origins of our own."""
