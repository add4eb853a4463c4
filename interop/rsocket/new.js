// The clients since 2022: @rsocket/core 1.0.0-alpha.3 and @rsocket/websocket-client. The registry
// has no TCP transport of that generation, so TcpTransport puts @rsocket/core's own codecs on a socket.
'use strict';

const net = require('net');
const tls = require('tls');
const {RSocketConnector, Deferred, Deserializer, serializeFrameWithLength} = require('@rsocket/core');
const {WebsocketClientTransport} = require('@rsocket/websocket-client');
const WebSocket = require('ws');

class TcpConnection extends Deferred {
  constructor(socket, factory) {
    super();
    this.socket = socket;
    this.rest = Buffer.alloc(0);
    this.deserializer = new Deserializer();
    socket.on('error', (e) => this.close(e));
    socket.on('close', () => this.close(new Error('the socket was closed')));
    socket.on('data', (chunk) => this.receive(chunk));
    this.multiplexerDemultiplexer = factory(this);
  }
  get availability() {
    return this.done ? 0 : 1;
  }
  receive(chunk) {
    try {
      this.rest = Buffer.concat([this.rest, chunk]);
      let used = 0;
      for (const [frame, offset] of this.deserializer.deserializeFrames(this.rest)) {
        used = offset;
        this.multiplexerDemultiplexer.handle(frame);
      }
      this.rest = this.rest.subarray(used);
    } catch (e) {
      this.close(e);
    }
  }
  send(frame) {
    if (!this.done) this.socket.write(serializeFrameWithLength(frame));
  }
  close(error) {
    if (!this.done) this.socket.end();
    super.close(error);
  }
}

class TcpTransport {
  constructor(url) {
    this.url = url;
  }
  connect(factory) {
    return new Promise((resolve, reject) => {
      const address = {host: this.url.hostname, port: Number(this.url.port)};
      const secure = this.url.protocol === 'tls:';
      const socket = secure ? tls.connect(address) : net.connect(address);
      socket.once('error', reject);
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.removeListener('error', reject);
        resolve(new TcpConnection(socket, factory));
      });
    });
  }
}

function transportTo(target) {
  const url = new URL(target);
  return url.protocol.startsWith('ws')
    ? new WebsocketClientTransport({url: target, wsCreator: (u) => new WebSocket(u)})
    : new TcpTransport(url);
}

exports.connect = async ({target, data, keepAlive, lifetime, answer, resumeToken, fragment}) => {
  const connector = new RSocketConnector({
    transport: transportTo(target),
    setup: {
      keepAlive, lifetime,
      dataMimeType: 'application/octet-stream', metadataMimeType: 'application/json',
      payload: {data, metadata: Buffer.from('{"agent":"test"}')},
    },
    fragmentation: {maxOutboundFragmentSize: fragment || 0},
    responder: {
      requestResponse: (payload, subscriber) => {
        answer(payload.data).then((reply) => subscriber.onNext({data: reply}, true), (e) => subscriber.onError(e));
        return {cancel: () => {}, onExtension: () => {}};
      },
    },
    resume: resumeToken && {
      tokenGenerator: () => Buffer.from(resumeToken),
      reconnectFunction: () => new Promise((resolve) => setTimeout(resolve, 20)),
    },
  });
  const rsocket = await connector.connect();
  const whenClosed = new Promise((resolve) => rsocket.onClose(resolve));
  const send = (payload, onNext, onError) =>
    rsocket.requestResponse({data: payload}, {onNext, onError, onComplete: () => {}, onExtension: () => {}});
  return {
    request: (payload) => new Promise((resolve, reject) => send(payload, (p) => resolve(p.data), reject)),
    cancelled: (payload) => {
      const call = send(payload, () => {}, () => {});
      return () => call.cancel();
    },
    describe: (e) => (e && e.code !== undefined ? `${e.code} ${e.message}` : String(e)),
    close: () => rsocket.close(),
    whenClosed,
  };
};
