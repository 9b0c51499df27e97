/** What node:http cannot read is answered as a problem document, in order, and the connection ends (spec/http.md N-8). */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Fault } from '../base/fault.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

const FAULTS_BY_CODE: Readonly<Record<string, Fault>> = {
  HPE_HEADER_OVERFLOW: new Fault('head_too_large'),
  ERR_HTTP_REQUEST_TIMEOUT: new Fault('timed_out'),
};
const MALFORMED = new Fault('http_malformed');

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function answerClientErrors(server: Server): void {
  /** The last exchange of each connection. */
  const last = new WeakMap<object, Exchange>();
  server.prependListener('request', (request, response) => last.set(request.socket, { request, response }));
  server.on('clientError', (error: Error & { code?: string }, stream) => {
    const socket = stream as Socket;
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    // bytes after a request that said it was the last: the connection closes with its answer
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    const fault = FAULTS_BY_CODE[error.code ?? ''] ?? MALFORMED;
    const exchange = last.get(socket);
    if (exchange === undefined) tell(socket, fault);
    else if (exchange.request.complete) {
      if (exchange.response.writableFinished || exchange.response.destroyed) tell(socket, fault);
      else exchange.response.prependOnceListener('finish', () => tell(socket, fault));
    } else if (exchange.response.headersSent) {
      // its request has had its answer: a second one would be nobody's
      if (exchange.response.writableFinished) socket.end();
      else exchange.response.once('finish', () => socket.end());
    } else {
      const body = problemOf(fault);
      exchange.response.writeHead(fault.status, { 'Content-Type': PROBLEM_TYPE, 'Content-Length': body.length, Connection: 'close' }).end(body);
    }
  });
}

function tell(socket: Socket, fault: Fault): void {
  if (!socket.writable) return;
  const body = problemOf(fault);
  socket.end(
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\nDate: ${new Date().toUTCString()}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    'latin1',
  );
}
