"""A receiver of Proviso's webhooks: it verifies, keeps each event once, and catches up after an outage.

    receiver.py serve --secret-file FILE --events FILE [--port PORT]
    PROVISO_TOKEN=… receiver.py catch-up --events FILE --api https://proviso.example/api/v1 --webhook ID

Needs Python 3.10 and `standardwebhooks`. Put a server that speaks TLS before it.
"""

import argparse
import json
import os
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

MOST_BYTES = 64 * 1024


class Events:
    """Events that were kept, one JSON document a line. Two programs may write the same event: an id counts once."""

    def __init__(self, path):
        self.path, self.lock = Path(path), threading.Lock()
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.known = {event["id"]: event for event in map(json.loads, lines)}

    def keep(self, event):
        """Writes the event to disk; false when it was there."""
        with self.lock:
            if event["id"] in self.known:
                return False
            with self.path.open("a") as file:
                file.write(json.dumps(event) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self.known[event["id"]] = event
            return True

    def complete_up_to(self):
        """The number up to which no event is missing. A test and a heartbeat have no number of their own."""
        unnumbered = ("webhook.test", "webhook.heartbeat")
        numbers = {event["sequence"] for event in self.known.values() if event["type"] not in unnumbered}
        number = 0
        while number + 1 in numbers:
            number += 1
        return number


def handler(events, secret_file):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            length = int(self.headers.get("content-length") or 0)
            if length > MOST_BYTES:
                self.close_connection = True
                return self.answer(413)
            body = self.rfile.read(length)
            try:
                # Read each time: a rotated secret needs no restart.
                secret = Path(secret_file).read_text().strip()
                event = Webhook(secret).verify(body, dict(self.headers))
            except (WebhookVerificationError, ValueError):
                return self.answer(401)
            # Keep it before answering: what is answered with 2xx is not sent again. Work on it later, elsewhere.
            events.keep(event)
            return self.answer(204)

        def answer(self, status):
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler


def serve(options):
    server = ThreadingHTTPServer(("127.0.0.1", options.port), handler(Events(options.events), options.secret_file))
    print(f"listening on http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()


def catch_up(options):
    """Fetches what is missing. Running it twice, or beside deliveries that arrive late, does no harm: an id counts once."""
    events = Events(options.events)
    after, cursor, fetched = events.complete_up_to(), "", 0
    while True:
        query = urllib.parse.urlencode({"after": after, "cursor": cursor})
        address = f"{options.api}/webhooks/{options.webhook}/events?{query}"
        request = urllib.request.Request(address, headers={"authorization": f"Bearer {os.environ['PROVISO_TOKEN']}"})
        with urllib.request.urlopen(request) as response:
            page = json.load(response)
        fetched += sum(events.keep(event) for event in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    last, complete = page["last_sequence"], events.complete_up_to()
    print(json.dumps({"fetched": fetched, "complete_up_to": complete, "last_sequence": last}))
    return 0 if complete >= last else 1


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    serving = commands.add_parser("serve")
    serving.add_argument("--secret-file", required=True)
    serving.add_argument("--port", type=int, default=0)
    serving.set_defaults(run=serve)
    catching = commands.add_parser("catch-up")
    catching.add_argument("--api", required=True)
    catching.add_argument("--webhook", required=True)
    catching.set_defaults(run=catch_up)
    for command in (serving, catching):
        command.add_argument("--events", required=True)
    options = parser.parse_args()
    raise SystemExit(options.run(options))


main()
