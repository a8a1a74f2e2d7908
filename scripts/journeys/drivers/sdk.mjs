// Takes calls on standard input, a message a line, and calls the methods of Cal.com's SDK, such as slots.reserveSlot.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { CLIENT_FOLDER, CLIENT_BASE_URL, CLIENT_ACCESS_TOKEN, CLIENT_ID } = process.env;
const { Cal } = createRequire(`${CLIENT_FOLDER}/`)("@calcom/sdk");
const cal = new Cal(CLIENT_ID, { accessToken: CLIENT_ACCESS_TOKEN }, { baseUrl: CLIENT_BASE_URL });

// Where a method takes no object.
const withoutObject = {
  "schedules.getSchedules": () => cal.schedules.getSchedules(),
  "schedules.deleteSchedule": ({ id }) => cal.schedules.deleteSchedule(id),
};

function call(method, params) {
  const [handler, name] = method.split(".");
  return withoutObject[method]?.(params) ?? cal[handler][name](params);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  const answer = await call(method, params).then(
    (result) => ({ result: result ?? null }),
    (error) => ({ error: { message: `${error.name}: ${error.statusCode ?? ""} ${error.message}` } }),
  );
  console.log(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
}
