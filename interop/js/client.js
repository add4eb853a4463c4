'use strict';

// The published client, unmodified, over the transport that TRANSPORT names:
//   tls   as it is on Node: RSocket over TLS, trust by NODE_EXTRA_CA_CERTS
//   ws    the same code (lib/), on the WebSocket transport that its browser build uses: that build
//         never takes notifications, so this is how they are tried over WebSocket
// and browser(): the build for browsers as it is shipped, in a global scope like a browser's.

const fs = require('node:fs');
const vm = require('node:vm');
const WebSocket = require('ws');
const { BufferEncoders } = require('rsocket-core');
const RSocketWebSocketClient = require('rsocket-websocket-client').default;

const env = (name) => {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
};

const wsAddress = () => {
    const { hostname: host, port } = new URL(env('WS_URL'));
    return { host, port: Number(port) };
};

// What the client's Node platform calls on its TLS transport, under the names of that one.
class WebSocketTransport extends RSocketWebSocketClient {
    getConnectionState() { return this._status; }

    setConnectionStatus(status) { this._setConnectionStatus(status); }
}

const transports = {
    tls: () => ({
        lib: require('elarian'),
        address: { host: env('HOST'), port: Number(env('PORT')) },
    }),
    ws: () => ({
        lib: require('elarian/lib/index')({
            isBrowser: false,
            log: { info() {}, debug() {}, warn: console.warn, error: console.error },
            getTransport: ({ host, port }) => new WebSocketTransport({
                url: `ws://${host}:${port}`,
                wsCreator: (url) => new WebSocket(url),
            }, BufferEncoders),
        }),
        address: wsAddress(),
    }),
};

const transport = env('TRANSPORT');
const { lib, address } = transports[transport]();

const credentials = () => ({ orgId: env('ORG_ID'), appId: env('APP_ID'), apiKey: env('API_KEY') });

const clients = [];

// connect resolves with the client when it calls itself connected, and rejects with the first error
// that it tells.
const connect = (client, at = address) => new Promise((resolve, reject) => {
    clients.push(client);
    client.on('error', (error) => reject(error || new Error('an error event without an error')));
    client.on('connected', () => resolve(client));
    client.connect(at);
});

// finish is the after hook of every file. The client keeps a timer, and so the process, after every
// connection that ended: a program that is done has to exit. The line is how the Go test knows that
// it got this far.
const finish = () => {
    clients.splice(0).forEach((client) => client.disconnect());
    console.log('# finished');
    setTimeout(() => process.exit(), 50);
};

const app = (overrides = {}) => new lib.Elarian({ ...credentials(), ...overrides });
const simulator = (overrides = {}) => new lib.Simulator({ ...credentials(), ...overrides });

// A browser's global scope: nothing of Node's, so that the client's stand-ins for it are tried too.
const browser = () => {
    const window = {
        WebSocket, console, setTimeout, clearTimeout, setInterval, clearInterval, Uint8Array, ArrayBuffer, TextEncoder, TextDecoder,
    };
    window.window = window;
    window.self = window;
    vm.createContext(window);
    vm.runInContext(fs.readFileSync(require.resolve('elarian/web.js'), 'utf8'), window, { filename: 'elarian/web.js' });
    return window;
};

module.exports = {
    env, lib, transport, address, wsAddress, credentials, connect, finish, app, simulator, browser,
};
