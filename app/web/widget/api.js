/** The requests that the widget makes. Every one has a deadline. */
const DEADLINE_MS = 10_000;

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Api {
  /** @param {string} base the service's origin */
  constructor(base) {
    this.base = base;
  }

  listingAddress(question, path = "/v2/slots") {
    const address = new URL(path, this.base);
    for (const [name, value] of Object.entries(question)) {
      if (value != null) address.searchParams.set(name, value);
    }
    return address.href;
  }

  /** Returns the slots by date, and the answer's tag. The browser asks with If-None-Match by itself. */
  async slots(question) {
    const response = await this.#fetch(this.listingAddress(question), { cache: "no-cache" });
    return { slots: (await bodyOf(response)).data, tag: response.headers.get("ETag") };
  }

  reserve(eventTypeId, slotStart) {
    return this.#send("POST", "/v2/slots/reservations", "2024-09-04", { eventTypeId, slotStart });
  }

  release(uid) {
    return this.#send("DELETE", `/v2/slots/reservations/${encodeURIComponent(uid)}`, "2024-09-04");
  }

  book(eventTypeId, start, attendee, reservationUid) {
    return this.#send("POST", "/v2/bookings", "2024-08-13", { eventTypeId, start, attendee, reservationUid });
  }

  cancel(uid) {
    return this.#send("POST", `/v2/bookings/${encodeURIComponent(uid)}/cancel`, "2024-08-13", {});
  }

  async eventTypesOf(username) {
    const path = `/v2/event-types?username=${encodeURIComponent(username)}`;
    const response = await this.#fetch(new URL(path, this.base), { headers: { "cal-api-version": "2024-06-14" } });
    return (await bodyOf(response)).data;
  }

  async #send(method, path, version, body) {
    const headers = { "cal-api-version": version };
    if (body) headers["Content-Type"] = "application/json";
    const options = { method, headers, body: body && JSON.stringify(body) };
    return (await bodyOf(await this.#fetch(new URL(path, this.base), options))).data;
  }

  async #fetch(address, options) {
    try {
      return await fetch(address, { credentials: "omit", signal: AbortSignal.timeout(DEADLINE_MS), ...options });
    } catch {
      throw new Refusal(0, "The service cannot be reached. Please try again.");
    }
  }
}

async function bodyOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, body.error?.message ?? "That did not work. Please try again.");
  return body;
}
