"""What ``scrapy <command>`` does."""
