"""What to visit: the mechanics of a blog, and the sites that deserve a name."""
