"""HTTP as it crosses the wire: every byte of every exchange is kept."""
