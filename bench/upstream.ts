/**
 * The benchmark's upstream: speaks Anthropic Messages, both of OpenAI's protocols and Gemini generateContent on one port, from prepared bytes.
 * Prints its port on the first line of stdout and serves until it is ended. HTTP is read by hand, and only as far as a benchmark needs:
 * node:http would cost as much as the gateway that is measured.
 */
import { createServer, type AddressInfo, type Socket } from "node:net";

import { askedFor, type Answers } from "./answers.ts";
import { monotonicMicros, readPace, type Pace } from "./marks.ts";

const notFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
/** Where a request's model and `stream` stand: in the path and in the first bytes of the body. */
const readAhead = 2048;

/** Splits what one connection sends into requests and answers each at once; no client here sends a second one before the answer. */
function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let head = "";
  let beginning = "";
  let missing = 0;
  let timer: NodeJS.Timeout | undefined;

  const answer = () => {
    const path = head.slice(0, head.indexOf("\r\n"));
    const asked = askedFor(path, beginning);
    const pace = readPace(path + beginning);
    head = beginning = "";
    if (asked === undefined) socket.write(notFound);
    else if (!asked.stream) socket.write(asked.answers.whole);
    else if (pace.intervalMs === 0) socket.write(asked.answers.burst(pace.events));
    else timer = stream(socket, asked.answers, pace);
  };

  socket.on("data", (bytes: Buffer) => {
    let from = 0;
    if (missing === 0) {
      head += bytes.toString("latin1", 0, Math.min(bytes.length, 16_384));
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const before = head.length - Math.min(bytes.length, 16_384);
      from = end + 4 - before;
      head = head.slice(0, end);
      missing = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    }
    if (beginning.length < readAhead) beginning += bytes.toString("latin1", from, Math.min(bytes.length, from + readAhead));
    missing -= bytes.length - from;
    if (missing <= 0) {
      missing = 0;
      answer();
    }
  });
  socket.on("close", () => clearInterval(timer));
  socket.on("error", () => socket.destroy());
}

function stream(socket: Socket, answers: Answers, pace: Pace): NodeJS.Timeout {
  let sent = 0;
  socket.write(answers.opening);
  const timer = setInterval(() => {
    socket.write(answers.event(monotonicMicros()), "latin1");
    sent += 1;
    if (sent < pace.events) return;
    clearInterval(timer);
    socket.write(answers.closing);
  }, pace.intervalMs);
  return timer;
}

const server = createServer(serve);
server.listen({ port: Number(process.argv[2] ?? 0), host: "127.0.0.1", backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});
