/** This build as the gateway under test. */
import { randomBytes } from "node:crypto";
import { parseConfig } from "../../config/load.ts";
import type { Dialling } from "../../conformance/dialling.ts";
import { createGateway } from "../../gateway.ts";
import { createLogger } from "../../telemetry/log.ts";
import { ownConfig } from "./own-config.ts";

/** Starts it on a free port of this machine; it logs errors of its own only. */
export async function startOwnGateway(
  simulatorUrl: string,
  models: Dialling["models"],
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { config, secrets } = parseConfig(ownConfig(simulatorUrl, models), {
    path: "conformance",
    environment: {},
    overrides: { port: 0 },
  });
  const log = createLogger({ level: "fatal", secrets });
  const gateway = await createGateway({ config, log, stateKeys: [randomBytes(32)] });
  const { host, port } = await gateway.listen();
  return { url: `http://${host}:${port}`, close: () => gateway.close() };
}
