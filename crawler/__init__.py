"""Archives blogs with their comments: WARC for what crossed the wire, JSON Lines for what the pages say."""

__version__ = "0.1.0"
