// What a Node programmer would write: one text, sent to every open socket, again and again as
// fast as the slowest takes it.
import { WebSocketServer } from 'ws';

const { PORT, FRAME_BYTES = '500' } = process.env;
/** What may wait in a socket before the next round waits for it. */
const BUFFERED = 64 * 1024;

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(PORT), perMessageDeflate: false });

let turn = 0;
function frame() {
  turn += 1;
  const message = { type: 'next', id: 'm', position: `1:${turn}`, data: '' };
  message.data = 'x'.repeat(Math.max(0, Number(FRAME_BYTES) - JSON.stringify(message).length));
  return JSON.stringify(message);
}

function broadcast() {
  const text = frame();
  let behind = false;
  for (const socket of server.clients) {
    if (socket.bufferedAmount > BUFFERED) behind = true;
    else socket.send(text);
  }
  if (behind) setTimeout(broadcast, 1);
  else setImmediate(broadcast);
}
broadcast();
