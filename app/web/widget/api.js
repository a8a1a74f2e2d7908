/** The requests that the widget makes. Every one has a deadline. */
import { scattered } from "./pauses.js";

const DEADLINE_MS = 10_000;
const LOST_PAUSE_MS = 300;
const FAILED = "That did not work. Please try again.";
const UNREACHABLE = "The service cannot be reached. Please try again.";

export class Refusal extends Error {
  /** `retryAfterMs` is how long the service asked to wait, if it did. */
  constructor(status, message, retryAfterMs = 0) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
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

  /**
   * Returns the hold. `slotDuration` is for event types of several lengths alone.
   *
   * `endsAt` is when it ends by this browser's clock, which may be wrong: counted from when it was asked for, so early
   * by the time that took, and never late.
   */
  async reserve(eventTypeId, slotStart, slotDuration) {
    const askedAt = Date.now();
    const body = { eventTypeId, slotStart, slotDuration };
    const hold = await this.#sendOnce("/v2/slots/reservations", "2024-09-04", body, randomKey());
    return { ...hold, endsAt: askedAt + hold.reservationDuration * 60_000 };
  }

  /**
   * Keeps a hold anew, and returns what is new of it.
   *
   * Its end moves here by as much as there: not by `reservationDuration`, where a minute that has begun counts whole.
   */
  async renew(hold, eventTypeId, slotDuration) {
    const body = { eventTypeId, slotStart: hold.slotStart, slotDuration };
    const path = `/v2/slots/reservations/${encodeURIComponent(hold.reservationUid)}`;
    const renewed = await this.#send("PATCH", path, "2024-09-04", body);
    const moreMs = Date.parse(renewed.reservationUntil) - Date.parse(hold.reservationUntil);
    return { ...renewed, endsAt: hold.endsAt + moreMs };
  }

  /** Ends a hold, even while the page is being left. */
  release(uid) {
    return this.#send("DELETE", `/v2/slots/reservations/${encodeURIComponent(uid)}`, "2024-09-04");
  }

  /** A hold becomes one booking, however often that is asked for. */
  book(eventTypeId, start, lengthInMinutes, attendee, reservationUid) {
    const body = { eventTypeId, start, lengthInMinutes, attendee, reservationUid };
    return this.#sendOnce("/v2/bookings", "2024-08-13", body, reservationUid);
  }

  /** Cancels a booking or, of a class, the seat in it. */
  cancel({ uid, seatUid }) {
    return this.#send("POST", `/v2/bookings/${encodeURIComponent(uid)}/cancel`, "2024-08-13", { seatUid });
  }

  /** Returns whose event types the service is set to offer. */
  async offered() {
    return bodyOf(await this.#fetch(new URL("/site/offered.json", this.base)));
  }

  eventTypesOf(username) {
    return this.#send("GET", `/v2/event-types?username=${encodeURIComponent(username)}`, "2024-06-14");
  }

  eventTypesOfTeam(id) {
    return this.#send("GET", `/v2/teams/${encodeURIComponent(id)}/event-types`, "2024-06-14");
  }

  /** Sends it again if the answer was lost: by its key the service knows that it is the same. */
  async #sendOnce(path, version, body, key) {
    const headers = { "Idempotency-Key": key };
    try {
      return await this.#send("POST", path, version, body, headers);
    } catch (error) {
      if (error.status !== 0) throw error;
      await new Promise((done) => setTimeout(done, scattered(LOST_PAUSE_MS)));
      return this.#send("POST", path, version, body, headers);
    }
  }

  async #send(method, path, version, body, more = {}) {
    const headers = { "cal-api-version": version, ...more };
    if (body) headers["Content-Type"] = "application/json";
    const options = { method, headers, body: body && JSON.stringify(body), keepalive: method === "DELETE" };
    return (await bodyOf(await this.#fetch(new URL(path, this.base), options))).data;
  }

  async #fetch(address, options) {
    try {
      return await fetch(address, { credentials: "omit", signal: AbortSignal.timeout(DEADLINE_MS), ...options });
    } catch {
      throw new Refusal(0, UNREACHABLE);
    }
  }
}

/** Not crypto.randomUUID(), which browsers lack on pages without TLS. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");
}

async function bodyOf(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(response.status, refusalText(body?.error), retryAfterMs(response));
  // An answer that broke off is a lost one; so is a page that something on the way put in its place.
  if (body === null) throw new Refusal(0, UNREACHABLE);
  return body;
}

/** Of fields that are wrong the first is named. */
function refusalText(error) {
  const wrong = error?.details?.errors?.[0];
  if (wrong) return `${wrong.property.split(".").at(-1)}: ${Object.values(wrong.constraints)[0]}.`;
  return error?.message ?? FAILED;
}

/** Seconds are what this service says. What says a date asks for nothing here. */
function retryAfterMs(response) {
  return (Number(response.headers.get("Retry-After")) || 0) * 1_000;
}
