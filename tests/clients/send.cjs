// Sends a visit with @segment/analytics-node: node send.cjs URL KEY < visit.json
const { Analytics } = require("@segment/analytics-node");
const [url, key] = process.argv.slice(2);
const visit = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

const analytics = new Analytics({ writeKey: key, host: url, flushAt: 15, flushInterval: 100 });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
for (const { type, ...call } of visit) {
  if (call.timestamp) call.timestamp = new Date(call.timestamp);
  analytics[type](call);
}
analytics.closeAndFlush();
