// A receiver of Proviso's webhooks: it verifies, keeps each event once, and catches up after an outage.
//
//   node receiver.ts serve --secret-file FILE --events FILE [--port PORT]
//   PROVISO_TOKEN=… node receiver.ts catch-up --events FILE --api https://proviso.example/api/v1 --webhook ID
//
// Needs Node 24, which runs TypeScript as it is, and `standardwebhooks`. Put a server that speaks TLS before it.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { Webhook } from "standardwebhooks";

const MOST_BYTES = 64 * 1024;
/** A test and a heartbeat have no number of their own. */
const UNNUMBERED = ["webhook.test", "webhook.heartbeat"];

type Event = { id: string; type: string; sequence: number };
type Page = { items: Event[]; next_cursor: string | null; last_sequence: number };

/** Events that were kept, one JSON document a line. Two programs may write the same event: an id counts once. */
class Events {
  readonly path: string;
  readonly known = new Map<string, Event>();

  constructor(path: string) {
    this.path = path;
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    for (const line of lines.filter((line) => line !== "")) {
      const event: Event = JSON.parse(line);
      this.known.set(event.id, event);
    }
  }

  /** Writes the event to disk; false when it was there. */
  keep(event: Event): boolean {
    if (this.known.has(event.id)) return false;
    const file = openSync(this.path, "a");
    writeSync(file, JSON.stringify(event) + "\n");
    fsyncSync(file);
    closeSync(file);
    this.known.set(event.id, event);
    return true;
  }

  /** The number up to which no event is missing. */
  completeUpTo(): number {
    const numbered = [...this.known.values()].filter((event) => !UNNUMBERED.includes(event.type));
    const numbers = new Set(numbered.map((event) => event.sequence));
    let number = 0;
    while (numbers.has(number + 1)) number += 1;
    return number;
  }
}

/** The body, or null when it is too long. */
async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function serve(events: Events, secretFile: string, port: number): void {
  const server = createServer(async (request, response) => {
    const body = await read(request);
    if (body === null) {
      response.writeHead(413, { connection: "close" }).end();
      return;
    }
    let event: Event;
    try {
      // Read each time: a rotated secret needs no restart.
      const secret = readFileSync(secretFile, "utf8").trim();
      event = new Webhook(secret).verify(body, request.headers as Record<string, string>) as Event;
    } catch {
      response.writeHead(401).end();
      return;
    }
    // Keep it before answering: what is answered with 2xx is not sent again. Work on it later, elsewhere.
    events.keep(event);
    response.writeHead(204).end();
  });
  server.listen(port, "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
}

/** Fetches what is missing. Running it twice, or beside deliveries that arrive late, does no harm: an id counts once. */
async function catchUp(events: Events, api: string, webhook: string): Promise<void> {
  const headers = { authorization: `Bearer ${process.env.PROVISO_TOKEN}` };
  const after = String(events.completeUpTo());
  let [cursor, fetched, last]: [string | null, number, number] = ["", 0, 0];
  while (cursor !== null) {
    const query = new URLSearchParams({ after, cursor });
    const response = await fetch(`${api}/webhooks/${webhook}/events?${query}`, { headers });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    const page = (await response.json()) as Page;
    fetched += page.items.filter((event) => events.keep(event)).length;
    [cursor, last] = [page.next_cursor, page.last_sequence];
  }
  const complete = events.completeUpTo();
  console.log(JSON.stringify({ fetched, complete_up_to: complete, last_sequence: last }));
  process.exitCode = complete >= last ? 0 : 1;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string" },
    "secret-file": { type: "string" },
    port: { type: "string", default: "0" },
    api: { type: "string" },
    webhook: { type: "string" },
  },
});
const { events, api, webhook, "secret-file": secretFile } = values;
if (positionals[0] === "serve" && events && secretFile) {
  serve(new Events(events), secretFile, Number(values.port));
} else if (positionals[0] === "catch-up" && events && api && webhook) {
  await catchUp(new Events(events), api, webhook);
} else {
  console.error("usage: receiver.ts serve|catch-up …; the first lines of the file say how");
  process.exitCode = 2;
}
