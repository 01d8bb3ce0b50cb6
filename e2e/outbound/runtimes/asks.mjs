// Says of each URL whether undici's EnvHttpProxyAgent would connect to a proxy for it. Nothing is connected to: the last
// call before the network tells. With FETCH set, the URLs are fetched.
import { createRequire } from "node:module";
import net from "node:net";
import tls from "node:tls";

const require = createRequire(process.env.NODE_PATH + "/");
const proxyPort = Number(process.env.PROXY_PORT);
let seen;
if (!process.env.FETCH) {
  const refuse = (options) => {
    seen ??= Number(options.port) === proxyPort ? "proxy" : "direct";
    const socket = new net.Socket();
    process.nextTick(() => socket.destroy(new Error("not connected on purpose")));
    return socket;
  };
  net.connect = refuse;
  tls.connect = refuse;
}
const { EnvHttpProxyAgent, fetch } = require("undici");
for (const url of process.argv.slice(2)) {
  seen = undefined;
  const agent = new EnvHttpProxyAgent();
  try {
    const response = await fetch(url, { dispatcher: agent });
    console.log(response.status);
  } catch (error) {
    console.log(seen ?? String(error.cause ?? error));
  }
  await agent.destroy();
}
process.exit(0);
