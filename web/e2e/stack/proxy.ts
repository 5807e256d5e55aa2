// Stands between a daemon and a service, so that the way between them can be cut.

import { connect, createServer, type Server, type Socket } from "node:net";

export class Proxy {
  private readonly open = new Set<Socket>();
  private readonly server: Server;
  private isCut = false;

  constructor(
    private readonly port: number,
    private readonly target: { host: string; port: number },
  ) {
    this.server = createServer((client) => this.join(client));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.port, "127.0.0.1", resolve);
    });
  }

  /** Ends all connections and takes no new ones. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.open) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const service = connect(this.target.port, this.target.host);
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      this.open.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.open.delete(socket);
        other.destroy();
      });
    }
  }
}
