/**
 * `<holdfast-slots event-type-id="…">`: choose a time, hold it, book it.
 *
 * Attributes: event-type-id; lengths, for an event type that has several ("30 15 60": minutes, in front what is chosen
 * at first); time-zone; theme. Events: holdfast-held, holdfast-booked, holdfast-cancelled.
 */
import { Api } from "./widget/api.js";
import { calendar, showCounts } from "./widget/calendar.js";
import { countDown, leftText, minutesText } from "./widget/countdown.js";
import { element } from "./widget/dom.js";
import { follow } from "./widget/live.js";
import { sheet } from "./widget/styles.js";
import * as zones from "./widget/zones.js";

/** Where this script comes from is where the service is. */
export const api = new Api(new URL(import.meta.url).origin);

const SPOKEN_AT_S = new Set([120, 60, 30, 10]);
/** So long before a hold ends more time can be asked for. */
const RENEWABLE_S = 120;

class HoldfastSlots extends HTMLElement {
  static observedAttributes = ["event-type-id", "lengths", "time-zone"];

  #root = this.attachShadow({ mode: "open" });
  #body = element("div");
  /** What went wrong with what was done: it stands until something else is done. */
  #error = element("p", { class: "error", role: "alert" });
  /** What is wrong with the listing, until there is one. */
  #trouble = element("p", { class: "error", role: "alert" });
  #spoken = element("p", { class: "unseen", role: "status" });
  /** How the listing changes: apart, for it takes no other words away before they are read out. */
  #changes = element("p", { class: "unseen", role: "status" });
  #twelveHours = zones.usesTwelveHours();
  #zone = zones.ownZone();
  #length;
  #slots = null;
  #focused = "";
  #chosen = null;
  #hold = null;
  /** What somebody typed, for the next time that they choose; after a booking it is forgotten. */
  #typed = { name: "", email: "" };
  /** Another one whenever all begins anew, or ends. */
  #visit = {};
  #isReserving = false;
  #isRenewing = false;
  #isBooking = false;
  #stopFollowing = () => {};
  #stopCounting = () => {};

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(element("section", { class: "card", "aria-label": "Book a time" },
      this.#error, this.#trouble, this.#spoken, this.#changes, this.#body));
    this.#root.addEventListener("click", () => this.#fail(""), { capture: true });
  }

  connectedCallback() {
    addEventListener("pagehide", this.#leave);
    addEventListener("pageshow", this.#comeBack);
    this.#begin();
  }

  attributeChangedCallback(name, old, value) {
    if (this.isConnected && old !== value) this.#begin();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#leave);
    removeEventListener("pageshow", this.#comeBack);
    this.#leave();
  }

  get #eventTypeId() {
    return Number(this.getAttribute("event-type-id"));
  }

  get #lengths() {
    return (this.getAttribute("lengths")?.match(/\d+/g) ?? []).map(Number);
  }

  #begin() {
    this.#leave();
    const zone = this.getAttribute("time-zone");
    if (zone && zones.isZone(zone)) this.#zone = zone;
    this.#length = this.#lengths[0];
    this.#chosen = null;
    this.#focused = zones.today(this.#zone);
    this.#look();
  }

  #leave = () => {
    this.#visit = {};
    this.#letGo();
    this.#stopFollowing();
  };

  /** A page that the browser kept for the way back is shown again: its hold was let go as it was left. */
  #comeBack = (event) => {
    if (event.persisted) this.#begin();
  };

  /** Looks for the slots of what is now chosen. */
  #look() {
    this.#slots = null;
    this.#trouble.textContent = "";
    this.#showChoice();
    if (!this.#eventTypeId) return this.#fail("Say which event type: event-type-id.");
    this.#follow();
  }

  /** Follows the month that is shown, as the hold's holder sees it. */
  #follow() {
    this.#stopFollowing();
    const question = {
      eventTypeId: this.#eventTypeId, timeZone: this.#zone, format: "range", duration: this.#length,
      // A day more on both sides: the window's dates are UTC's, the days shown are the zone's.
      start: zones.plusDays(zones.firstOfMonth(this.#focused), -1),
      end: zones.plusDays(zones.lastOfMonth(this.#focused), 1),
      reservationUid: this.#hold?.reservationUid,
    };
    this.#stopFollowing = follow(api, question, (slots) => this.#hear(slots), (error) => {
      // Said once, however often it is tried in vain.
      if (this.#trouble.textContent === error.message) return;
      this.#trouble.textContent = error.message;
      if (this.#body.dataset.view === "choose") this.#showSlots();
    });
  }

  #hear(slots) {
    const isFirst = this.#slots === null;
    const before = this.#slots?.[this.#chosen]?.length;
    this.#slots = slots;
    this.#trouble.textContent = "";
    if (this.#body.dataset.view !== "choose") return;
    const left = slots[this.#chosen]?.length ?? 0;
    this.#showSlots();
    if (isFirst && !this.#chosen) this.#say(this.#monthTold());
    else if (before !== undefined && before !== left) {
      this.#changes.textContent = `${left} times are free on ${zones.dayText(this.#chosen)}.`;
    }
  }

  // Choosing

  #showChoice(focus = null) {
    const kept = focus ?? this.#focusKey();
    this.#show("choose", this.#lengthChoice(), this.#daysAndTimes(), this.#settings());
    this.#focusOn(kept);
  }

  #daysAndTimes() {
    return element("div", { class: "choose" },
      element("div", {}, this.#monthBar(), this.#month()),
      element("div", { class: "of-day", "aria-busy": String(this.#slots === null) }, ...this.#times()));
  }

  /** Shows what has changed. The rest stays in place: focused, scrolled, open or just being pressed. */
  #showSlots() {
    const kept = this.#focusKey();
    showCounts(this.#body.querySelector(".month"), this.#counts());
    const ofDay = this.#body.querySelector(".of-day");
    const list = ofDay.querySelector(".times");
    const slots = this.#slots?.[this.#chosen] ?? [];
    if (list && slots.length) this.#update(list, slots);
    else ofDay.replaceChildren(...this.#times());
    ofDay.setAttribute("aria-busy", "false");
    if (!this.#root.activeElement) this.#focusOn(kept);
  }

  /** Both are in order of time. */
  #update(list, slots) {
    const starts = new Set(slots.map((slot) => slot.start));
    for (const item of [...list.children]) if (!starts.has(item.dataset.start)) item.remove();
    slots.forEach((slot, index) => {
      const there = list.children[index] ?? null;
      if (there?.dataset.start !== slot.start) list.insertBefore(this.#timeItem(slot), there);
    });
  }

  #lengthChoice() {
    if (this.#lengths.length < 2) return null;
    const choices = this.#lengths.sort((one, other) => one - other).map((minutes) => element("label", {},
      element("input", { type: "radio", name: "length", "data-key": `length ${minutes}`,
        checked: minutes === this.#length, onchange: () => this.#chooseLength(minutes) }),
      element("span", {}, `${minutes} min`)));
    return element("fieldset", { class: "lengths" }, element("legend", {}, "Length"), ...choices);
  }

  #chooseLength(minutes) {
    this.#length = minutes;
    this.#look();
    this.#say(`Times are shown for ${minutes} minutes.`);
  }

  #monthBar() {
    const now = zones.today(this.#zone);
    const isFirst = this.#focused.slice(0, 7) <= now.slice(0, 7);
    const move = (months, key) => () => {
      const next = zones.firstOfMonth(zones.plusMonths(this.#focused, months));
      this.#moveTo(next < now ? now : next, key);
    };
    return element("div", { class: "bar" },
      element("button", { type: "button", "data-key": "earlier", "aria-label": "Month before", disabled: isFirst,
        onclick: move(-1, "earlier") }, "‹"),
      element("h2", {}, zones.monthText(this.#focused)),
      element("button", { type: "button", "data-key": "later", "aria-label": "Month after",
        onclick: move(1, "later") }, "›"));
  }

  #month() {
    return calendar({
      focused: this.#focused, chosen: this.#chosen, today: zones.today(this.#zone), counts: this.#counts(),
      onChoose: (date) => {
        this.#chosen = this.#focused = date;
        this.#showChoice("times");
      },
      onMove: (date) => this.#moveTo(date, `day ${date}`),
    });
  }

  #counts() {
    return Object.fromEntries(Object.entries(this.#slots ?? {}).map(([date, slots]) => [date, slots.length]));
  }

  #moveTo(date, key) {
    const sameMonth = date.slice(0, 7) === this.#focused.slice(0, 7);
    this.#focused = date;
    if (!sameMonth) {
      this.#chosen = null;
      this.#look();
      this.#say(zones.monthText(date));
    }
    this.#showChoice(key);
  }

  /** The window is a day wider than the month that is shown, on both sides. */
  #hasTimes() {
    const month = this.#focused.slice(0, 7);
    return Object.keys(this.#slots).some((date) => date.startsWith(month));
  }

  #monthTold() {
    const month = zones.monthText(this.#focused);
    return this.#hasTimes() ? `${month}: times are shown.` : `${month}: no times in this month.`;
  }

  #times() {
    if (!this.#chosen) {
      const text = this.#slots === null ? this.#waiting()
        : this.#hasTimes() ? "Choose a day to see its times." : "No times in this month.";
      return [element("p", { class: "soft" }, text)];
    }
    const slots = this.#slots?.[this.#chosen] ?? [];
    const heading = element("h2", { tabindex: -1, "data-key": "times" }, zones.dayText(this.#chosen));
    if (!slots.length) {
      const text = this.#slots === null ? this.#waiting() : "No times left on this day.";
      return [heading, element("p", { class: "soft" }, text)];
    }
    return [heading, element("ul", { class: "times" }, ...slots.map((slot) => this.#timeItem(slot)))];
  }

  #waiting() {
    return this.#trouble.textContent ? "Times cannot be shown now." : "Looking for times …";
  }

  #timeItem(slot) {
    return element("li", { "data-start": slot.start },
      element("button", { type: "button", "data-key": `slot ${slot.start}`, onclick: () => this.#reserve(slot) },
        this.#time(slot.start)));
  }

  #settings() {
    const zone = element("select", { "data-key": "zone" }, ...zones.zones(this.#zone).map((name) =>
      element("option", { value: name, selected: name === this.#zone }, name.replaceAll("_", " "))));
    zone.addEventListener("change", () => {
      this.#zone = zone.value;
      this.#chosen = null;
      this.#focused = zones.today(this.#zone) > this.#focused ? zones.today(this.#zone) : this.#focused;
      this.#look();
      this.#say(`Times are shown for ${zone.value.replaceAll("_", " ")}.`);
    });
    const clock = element("button", { type: "button", "data-key": "clock", "aria-pressed": String(!this.#twelveHours),
      onclick: () => {
        this.#twelveHours = !this.#twelveHours;
        this.#showChoice();
      } }, "24-hour clock");
    return element("div", { class: "settings" }, element("label", {}, "Time zone", zone), clock);
  }

  // Holding

  async #reserve(slot) {
    if (this.#isReserving) return;
    this.#isReserving = true;
    const visit = this.#visit;
    try {
      const hold = await api.reserve(this.#eventTypeId, slot.start, this.#length);
      if (visit === this.#visit) this.#keep({ ...hold, slot });
      else this.#release(hold);
    } catch (error) {
      this.#fail(error.message);
    } finally {
      this.#isReserving = false;
    }
  }

  #keep(hold) {
    this.#hold = hold;
    this.#follow();
    this.#tell("holdfast-held", { start: hold.slotStart, until: hold.reservationUntil });
    this.#showDetails();
  }

  #showDetails() {
    const name = this.#field("name", { autocomplete: "name", maxlength: 100, pattern: ".*\\S.*", title: "More than spaces" });
    const email = this.#field("email", { type: "email", autocomplete: "email", maxlength: 200 });
    const book = element("button", { class: "main" }, "Book");
    const back = element("button", { type: "button", onclick: () => this.#back() }, "Choose another time");
    const longer = element("button", { type: "button", hidden: true, onclick: () => this.#keepLonger() }, "Keep it longer");
    const form = element("form", { onsubmit: (event) => {
      event.preventDefault();
      this.#book({ name: name.value.trim(), email: email.value.trim(), timeZone: this.#zone }, [book, back, longer]);
    } },
    element("label", {}, "Name", name), element("label", {}, "Email", email),
    element("div", { class: "row" }, book, back));
    this.#show("details",
      element("h2", { tabindex: -1, "data-key": "heading" }, this.#when(this.#hold.slot)),
      element("p", { class: "kept", tabindex: -1 },
        element("span", {}, "Kept for you for ", element("span", { class: "left" })), longer),
      form);
    this.#focusOn("heading");
    this.#say(`You have ${this.#hold.reservationDuration} minutes to book it.`);
    this.#count();
  }

  /** Counts down to the end of the hold, as long as its details are shown. */
  #count() {
    const hold = this.#hold;
    const left = this.#body.querySelector(".left");
    this.#stopCounting();
    this.#stopCounting = countDown(hold.endsAt, (seconds) => {
      const isRenewable = seconds <= RENEWABLE_S && !hold.isLast;
      left.textContent = minutesText(seconds);
      this.#offerLonger(isRenewable);
      if (!SPOKEN_AT_S.has(seconds)) return;
      this.#say(`${seconds} seconds left.${isRenewable && seconds === RENEWABLE_S ? " You can keep it longer." : ""}`);
    }, () => {
      if (!this.#isBooking && !this.#isRenewing) this.#lapse();
    });
  }

  /** The button has its room from the start, so that nothing moves when it comes. */
  #offerLonger(isOffered) {
    const longer = this.#body.querySelector(".kept button");
    // Who pressed it goes on from where it was.
    if (!isOffered && this.#root.activeElement === longer) longer.parentElement.focus();
    longer.hidden = !isOffered;
  }

  async #keepLonger() {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const hold = this.#hold;
    const { error, ...renewed } = await api.renew(hold, this.#eventTypeId, this.#length).catch((error) => ({ error }));
    this.#isRenewing = false;
    if (hold !== this.#hold) return;
    if (error?.status === 404 || Date.now() >= (renewed.endsAt ?? hold.endsAt)) {
      // What is being booked may be gone because it is booked: that answer says so.
      if (!this.#isBooking) this.#lapse();
    } else if (error) this.#fail(`It is not kept longer. ${error.message}`);
    else this.#showLonger(renewed);
  }

  #showLonger(renewed) {
    const hold = this.#hold;
    // The same one with another end: a booking that is under way is to know it.
    Object.assign(hold, renewed, { isLast: renewed.endsAt <= hold.endsAt });
    this.#count();
    if (hold.isLast) return this.#fail("It cannot be kept any longer. Please book it before its time is up.");
    this.#tell("holdfast-held", { start: hold.slotStart, until: hold.reservationUntil });
    this.#say(`Kept for ${leftText(Math.ceil((hold.endsAt - Date.now()) / 1_000))}.`);
  }

  #field(name, attributes) {
    const field = element("input", { name, value: this.#typed[name], required: true, ...attributes,
      oninput: () => { this.#typed[name] = field.value; } });
    return field;
  }

  #lapse() {
    this.#letGo();
    this.#showChoice("times");
    this.#fail("Your time was kept no longer. Please choose again.");
  }

  #back() {
    this.#letGo();
    this.#showChoice("times");
  }

  #letGo() {
    this.#stopCounting();
    if (this.#hold) this.#release(this.#hold);
    this.#hold = null;
  }

  /** Gives a hold back; should that fail, it ends by itself. */
  #release(hold) {
    api.release(hold.reservationUid).catch(() => {});
  }

  // Booking

  /** While it is under way nothing else can be done with the hold. */
  async #book(attendee, buttons) {
    const visit = this.#visit;
    const hold = this.#hold;
    this.#isBooking = true;
    for (const button of buttons) button.disabled = true;
    try {
      const booking = await api.book(this.#eventTypeId, hold.slotStart, this.#length, attendee, hold.reservationUid);
      if (visit !== this.#visit) return;
      this.#stopCounting();
      this.#hold = null;
      this.#typed = { name: "", email: "" };
      this.#fail("");
      this.#tell("holdfast-booked", { uid: booking.uid, start: booking.start, end: booking.end, status: booking.status });
      this.#showBooked(booking, hold.slot);
    } catch (error) {
      if (visit !== this.#visit) return;
      for (const button of buttons) button.disabled = false;
      if (Date.now() >= hold.endsAt) return this.#lapse();
      this.#fail(error.message);
      buttons[0].focus();
    } finally {
      this.#isBooking = false;
    }
  }

  #showBooked(booking, slot) {
    const awaits = booking.status === "pending";
    const again = element("button", { type: "button", onclick: () => this.#showChoice("times") }, "Book another");
    const cancel = element("button", { type: "button", onclick: () => this.#cancel(booking, [cancel, again]) },
      "Cancel this booking");
    this.#show("booked",
      element("h2", { tabindex: -1, "data-key": "heading" }, awaits ? "Asked for" : "Booked"),
      element("p", {}, this.#when(slot), ` (${this.#zone.replaceAll("_", " ")})`),
      element("p", { class: "soft" }, `With ${booking.hosts.map((host) => host.name).join(", ")}.`),
      element("div", { class: "row" }, again, cancel));
    this.#focusOn("heading");
  }

  async #cancel(booking, buttons) {
    for (const button of buttons) button.disabled = true;
    try {
      await api.cancel(booking);
    } catch (error) {
      for (const button of buttons) button.disabled = false;
      this.#fail(error.message);
      return buttons[0].focus();
    }
    this.#tell("holdfast-cancelled", { uid: booking.uid });
    this.#showChoice("times");
    this.#say("The booking is cancelled.");
  }

  // Showing

  #show(view, ...children) {
    this.#body.dataset.view = view;
    this.#body.replaceChildren(...children.filter((child) => child !== null));
  }

  #time(instant) {
    return zones.timeText(instant, this.#zone, this.#twelveHours);
  }

  #when(slot) {
    return `${zones.dayText(zones.dateOf(slot.start, this.#zone))}, ${this.#time(slot.start)} – ${this.#time(slot.end)}`;
  }

  #focusKey() {
    const active = this.#root.activeElement;
    return active?.dataset.date ? `day ${active.dataset.date}` : active?.dataset.key ?? null;
  }

  #focusOn(key) {
    if (!key) return;
    const all = [...this.#body.querySelectorAll("[data-key],[data-date]")];
    const wanted = all.find((one) => !one.disabled && (one.dataset.key === key || `day ${one.dataset.date}` === key));
    // What was focused may be gone or disabled, a taken slot's button say: then its heading, else the day in the tab order.
    (wanted ?? all.find((one) => one.dataset.key === "times") ?? all.find((one) => one.tabIndex === 0 && one.dataset.date))
      ?.focus();
  }

  #say(text) {
    this.#spoken.textContent = text;
  }

  #fail(text) {
    this.#error.textContent = text;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("holdfast-slots", HoldfastSlots);
