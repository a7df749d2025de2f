"""Show the built book on this machine alone: ``make serve``."""

import errno
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"


def main(arguments: list[str]) -> int:
    """Serve until Ctrl-C; say what is missing when it cannot begin."""
    if not (HTML / "index.html").exists():
        print("There is no built book yet: run `make book`.", file=sys.stderr)
        return 1
    text = arguments[0] if arguments else "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        print(f"PORT must be a number from 1 to 65535, got {text!r}.", file=sys.stderr)
        return 1
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(text)), partial(SimpleHTTPRequestHandler, directory=str(HTML)))
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        print(f"Port {text} {why}: run `make serve PORT=` with another number.", file=sys.stderr)
        return 1
    print(f"The book is on http://localhost:{text} (Ctrl-C ends it).", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
