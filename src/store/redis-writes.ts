import { Cluster, type Redis } from "ioredis";

/**
 * Lets the commands of one turn of the event loop leave each connection together: one system call for all of them
 * instead of one each, which is a fifth of what an introspection costs. Nothing else of ioredis is changed: a command
 * is sent once, in its order, and fails on its own.
 */
export function sendTogether(client: Redis | Cluster): void {
  if (client instanceof Cluster) {
    client.on("+node", eachConnection);
  } else {
    eachConnection(client);
  }
}

function eachConnection(node: Redis): void {
  node.on("connect", () => {
    const { stream } = node;
    const write = stream.write;
    let held = false;
    const release = (): void => {
      held = false;
      stream.uncork();
    };
    stream.write = function writeTogether(...chunk: unknown[]): boolean {
      if (!held) {
        held = true;
        stream.cork();
        // Behind everything that arrived in this turn.
        setImmediate(release);
      }
      return write.apply(stream, chunk as Parameters<typeof write>);
    } as typeof write;
  });
}
