// The clients of 2018 to 2022: rsocket-core 0.0.27 and its transports.
'use strict';

const {RSocketClient, RSocketResumableTransport, BufferEncoders} = require('rsocket-core');
const {Single} = require('rsocket-flowable');
const {default: RSocketTcpClient, RSocketTlsClient} = require('rsocket-tcp-client');
const {default: RSocketWebSocketClient} = require('rsocket-websocket-client');
const WebSocket = require('ws');

function transportTo(target) {
  const url = new URL(target);
  const address = {host: url.hostname, port: Number(url.port)};
  switch (url.protocol) {
    case 'tcp:':
      return new RSocketTcpClient(address, BufferEncoders);
    case 'tls:':
      return new RSocketTlsClient(address, BufferEncoders);
    default:
      return new RSocketWebSocketClient({url: target, wsCreator: (u) => new WebSocket(u)}, BufferEncoders);
  }
}

// resumable connects again whenever the transport is lost.
function resumable(target, token) {
  const transport = new RSocketResumableTransport(
    () => transportTo(target),
    {bufferSize: 1 << 24, resumeToken: Buffer.from(token), sessionDurationSeconds: 30},
    BufferEncoders,
  );
  let connected = false;
  transport.connectionStatus().subscribe({
    onSubscribe: (s) => s.request(Number.MAX_SAFE_INTEGER),
    onNext: (status) => {
      if (status.kind === 'CONNECTED') connected = true;
      if (status.kind === 'NOT_CONNECTED' && connected) setTimeout(() => transport.connect(), 20);
    },
  });
  return transport;
}

exports.connect = async ({target, data, keepAlive, lifetime, answer, resumeToken}) => {
  let closed;
  const whenClosed = new Promise((resolve) => (closed = resolve));
  const client = new RSocketClient({
    setup: {
      keepAlive, lifetime,
      dataMimeType: 'application/octet-stream', metadataMimeType: 'application/json',
      payload: {data, metadata: Buffer.from('{"agent":"test"}')},
    },
    responder: {
      requestResponse: (payload) =>
        new Single((subscriber) => {
          subscriber.onSubscribe();
          answer(payload.data).then((reply) => subscriber.onComplete({data: reply}), (e) => subscriber.onError(e));
        }),
    },
    errorHandler: closed,
    transport: resumeToken ? resumable(target, resumeToken) : transportTo(target),
  });
  const socket = await new Promise((onComplete, onError) => client.connect().subscribe({onComplete, onError}));
  socket.connectionStatus().subscribe({
    onSubscribe: (s) => s.request(Number.MAX_SAFE_INTEGER),
    onNext: (status) => {
      if (status.kind === 'ERROR') closed(status.error);
      // An ERROR of the server closes first and reaches errorHandler after that.
      if (status.kind === 'CLOSED') setImmediate(closed, null);
    },
  });
  return {
    request: (payload) =>
      new Promise((onComplete, onError) =>
        socket.requestResponse({data: payload}).subscribe({onComplete: (p) => onComplete(p.data), onError})),
    cancelled: (payload) => {
      let cancel;
      socket.requestResponse({data: payload}).subscribe({onSubscribe: (c) => (cancel = c), onComplete: () => {}, onError: () => {}});
      return cancel;
    },
    // A server's refusal is e.source = {code, message}.
    describe: (e) => (e && e.source ? `${e.source.code} ${e.source.message}` : String(e)),
    close: () => client.close(),
    whenClosed,
  };
};

// The TCP transport takes its listeners off a socket before the socket's last error, when a connection is cut.
process.on('uncaughtException', (e) => {
  if (e.syscall !== 'write' && e.syscall !== 'read') {
    console.error(e);
    process.exit(1);
  }
});
