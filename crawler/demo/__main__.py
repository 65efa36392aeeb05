"""``python -m crawler.demo``: serve the demo blog until interrupted, for a look with a browser."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import suppress

from crawler.demo.server import DemoBlog


def main() -> None:
    """Serve, and say where."""
    parser = ArgumentParser(prog="python -m crawler.demo", description="Serve the demo blog on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    arguments = parser.parse_args()
    try:
        blog = DemoBlog(arguments.port)
    except (OSError, OverflowError) as error:
        parser.exit(2, f"port {arguments.port}: {error}\n")
    with blog, suppress(KeyboardInterrupt):
        print(f"{blog.url} (Ctrl+C ends it)", flush=True)
        blog.wait()


if __name__ == "__main__":
    main()
