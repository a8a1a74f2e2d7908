// The page at /explain: a week of an event type, painted from GET /v2/slots/explain and /v2/slots/explain/times.

import { addDays, clockOf, dayName, fromMonday, instantOf, wallOf } from "./explain_time.js";
import { KINDS, sentence } from "./explain_words.js";

const PATIENCE_MS = 15_000;
// What a row may stand for, from the most.
const ROWS_MINUTES = [30, 20, 15, 10, 5];
const DAY_MINUTES = 24 * 60;

const $ = (id) => document.getElementById(id);
const form = $("question");
// What is on the page: the question it answers, and the answers.
let shown = null;
// Answers to what was asked before are late, and dropped.
let asking = 0;
let askingWhy = 0;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Asking --------------------------------------------------------------------------------------------------------------

async function ask(path, parameters) {
  const headers = { "cal-api-version": "2024-09-04" };
  const key = form.elements.apiKey.value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(`/v2/slots/explain${path}?${new URLSearchParams(parameters)}`, {
      headers, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new Error("The service does not answer. Try again.");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) throw new Error(body?.error?.message ?? `The service answered ${response.status}.`);
  return { data: body.data, degraded: response.headers.get("X-Holdfast-Degraded") };
}

function question() {
  const { eventTypeId, week, timeZone } = form.elements;
  return { eventTypeId: eventTypeId.value, week: fromMonday(week.value), timeZone: timeZone.value.trim() };
}

// A day more on both sides: the window is told in UTC, the week in the zone that was asked for.
function parametersOf({ eventTypeId, week, timeZone }) {
  return { eventTypeId, timeZone, start: addDays(week, -1), end: addDays(week, 7) };
}

async function show() {
  const turn = ++asking;
  const asked = question();
  const address = new URLSearchParams(asked);
  history.replaceState(null, "", `?${address}`);
  say("Asking …");
  try {
    const [times, days] = await Promise.all([ask("/times", parametersOf(asked)), ask("", parametersOf(asked))]);
    if (turn !== asking) return;
    shown = { asked, times: times.data, days: days.data };
    paint();
    say(summary(times.degraded));
  } catch (error) {
    if (turn !== asking) return;
    $("answer").hidden = true;
    say(error.message, true);
  }
}

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

function summary(degraded) {
  const count = weekDays().reduce((sum, day) => sum + (shown.days[day]?.listed ?? 0), 0);
  const parts = [count === 1 ? "1 slot is offered this week." : `${count} slots are offered this week.`];
  if (shown.times.hosts === null) parts.push("Hosts’ hours and what takes them are told to those with a tie to the event type: give an API key.");
  if (shown.times.hosts?.length === 0) parts.push("Nobody hosts this event type.");
  if (degraded) parts.push("The store of reservations is away: slots that are kept for somebody may be shown as free.");
  return parts.join(" ");
}

// Painting ------------------------------------------------------------------------------------------------------------

const weekDays = () => Array.from({ length: 7 }, (_, number) => addDays(shown.asked.week, number));

function paint() {
  const hosts = shown.times.hosts ?? [];
  const before = $("host").value;
  $("host").replaceChildren(...hosts.map((host) => element("option", { value: host.hostId }, `Host ${host.hostId}`)));
  if (hosts.some((host) => String(host.hostId) === before)) $("host").value = before;
  $("choice").hidden = hosts.length < 2;
  const { time } = $("another").elements;
  [time.min, time.max] = [`${shown.asked.week}T00:00`, `${addDays(shown.asked.week, 6)}T23:59`];
  $("why").replaceChildren();
  $("answer").hidden = false;
  paintHost();
}

function paintHost() {
  const bands = bandsOf((shown.times.hosts ?? []).find((host) => String(host.hostId) === $("host").value));
  const { first, last } = hoursOf(bands);
  paintLegend(bands);
  paintWeek(bands, first, last);
  paintTable(bands);
}

// All that is painted, cut into days: {kind, of, day, from, to}, in minutes of the day as clocks there show them.
function bandsOf(host) {
  const told = [
    ...(host?.open ?? []).map((one) => ({ kind: "open", ...one })),
    ...(host?.reasons ?? []),
    ...shown.times.reasons,
    ...shown.times.offered.map((one) => ({ kind: "offered", ...one })),
  ];
  const days = weekDays();
  return told.flatMap((one) => {
    const start = wallOf(one.start);
    const end = wallOf(one.end);
    return days
      .filter((day) => start.day <= day && day <= end.day)
      .map((day) => ({
        kind: one.kind, of: one.of, day,
        from: day === start.day ? start.minute : 0,
        to: day === end.day ? end.minute : DAY_MINUTES,
      }))
      .filter((band) => band.from < band.to);
  });
}

// The hours to draw: those that anything but a rule of whole days happens in, and one more on both sides.
function hoursOf(bands) {
  const inner = bands.filter((band) => ["open", "offered", "booking", "reservation", "dateClosed", "outOfOffice"].includes(band.kind));
  const first = Math.min(9 * 60, ...inner.map((band) => band.from)) - 60;
  const last = Math.max(17 * 60, ...inner.map((band) => band.to)) + 60;
  return { first: Math.max(Math.floor(first / 60) * 60, 0), last: Math.min(Math.ceil(last / 60) * 60, DAY_MINUTES) };
}

const startsOf = (bands) => bands.filter((band) => band.kind === "offered").map((band) => band.from);

// As few rows as give each offered start one; where starts are less than five minutes apart some share one.
const rowMinutes = (bands) => ROWS_MINUTES.find((minutes) => startsOf(bands).every((start) => start % minutes === 0)) ?? ROWS_MINUTES.at(-1);

function paintLegend(bands) {
  const there = new Set(bands.map((band) => band.kind));
  const item = (kind) => element("li", {}, element("i", { class: kind, "aria-hidden": "true" }), KINDS[kind]);
  $("legend").replaceChildren(...Object.keys(KINDS).filter((kind) => there.has(kind)).map(item));
}

function paintWeek(bands, first, last) {
  const days = weekDays();
  const step = rowMinutes(bands);
  const head = element("div", { role: "row" }, corner(), ...days.map(columnHeader));
  const rows = [];
  for (let minute = first; minute < last; minute += step) {
    const header = element("span", { role: "rowheader" }, clockOf(minute));
    const cells = days.map((day, column) => cell(bands.filter((band) => band.day === day), day, column, minute, minute + step));
    rows.push(element("div", { role: "row" }, header, ...cells));
  }
  rows.forEach((row, index) => [...row.children].forEach((child) => { child.style.gridRow = String(index + 2); }));
  const grid = element("div", { role: "grid", "aria-label": "Times of the week", "aria-describedby": "how" }, head, ...rows);
  $("week").replaceChildren(...days.map((day, column) => dayColumn(bands, day, column, first, last, rows.length)), grid);
  grid.querySelector('[role="gridcell"]').tabIndex = 0;
}

const corner = () => element("span", { role: "columnheader", "aria-label": "Time of day" });

function columnHeader(day, column) {
  const counts = shown.days[day];
  const header = element("span", { role: "columnheader" }, dayName(day, "short"));
  header.style.gridColumn = String(column + 2);
  if (counts) header.append(element("small", { title: takenText(counts) }, `${counts.listed} of ${counts.candidates}`));
  return header;
}

const takenText = ({ taken }) => Object.entries(taken).map(([kind, count]) => `${KINDS[kind] ?? kind}: ${count}`).join(", ");

// Between two times of a day; it stands for the start that is offered there or, without one, for the first of the two.
function cell(bands, day, column, from, to) {
  const minute = startsOf(bands).find((start) => from <= start && start < to) ?? from;
  const kinds = bands.filter((band) => band.from < to && from < band.to).map((band) => KINDS[band.kind].toLowerCase());
  const what = [...new Set(kinds)].join(", ") || "nothing";
  const made = element("button", {
    type: "button", role: "gridcell", tabindex: "-1", "aria-selected": "false", "data-day": day, "data-minute": minute,
    "aria-label": `${dayName(day, "long")} ${clockOf(minute)}: ${what}`,
  });
  made.style.gridColumn = String(column + 2);
  return made;
}

function dayColumn(bands, day, column, first, last, rowCount) {
  const made = element("div", { class: "day", "aria-hidden": "true" });
  made.style.gridColumn = String(column + 2);
  made.style.gridRow = `2 / span ${rowCount}`;
  for (const band of bands.filter((one) => one.day === day && one.from < last && first < one.to)) {
    const from = Math.max(band.from, first);
    const painted = element("i", { class: band.kind });
    painted.style.top = `${((from - first) / (last - first)) * 100}%`;
    painted.style.height = `${((Math.min(band.to, last) - from) / (last - first)) * 100}%`;
    made.append(painted);
  }
  return made;
}

function paintTable(bands) {
  const order = [...bands].sort((one, other) => one.day.localeCompare(other.day) || one.from - other.from);
  const head = element("tr", {}, ...["Day", "From", "To", "What"].map((text) => element("th", { scope: "col" }, text)));
  const rows = order.map((band) => {
    const what = band.of ? `${KINDS[band.kind]} (${KINDS[band.of].toLowerCase()})` : KINDS[band.kind];
    const cells = [clockOf(band.from), clockOf(band.to), what].map((text) => element("td", {}, text));
    return element("tr", {}, element("th", { scope: "row" }, dayName(band.day, "long")), ...cells);
  });
  $("table").replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
}

// Why this time -------------------------------------------------------------------------------------------------------

async function why(day, minute) {
  const turn = ++askingWhy;
  for (const one of $("week").querySelectorAll('[role="gridcell"]')) {
    one.setAttribute("aria-selected", String(one.dataset.day === day && Number(one.dataset.minute) === minute));
  }
  const { asked } = shown;
  const name = `${dayName(day, "long")}, ${clockOf(minute)}`;
  try {
    const at = instantOf(day, minute, asked.timeZone);
    const { data } = await ask("", { ...parametersOf(asked), at });
    if (turn === askingWhy) $("why").replaceChildren(element("h2", {}, name), ...told(data));
  } catch (error) {
    if (turn === askingWhy) $("why").replaceChildren(element("h2", {}, name), element("p", {}, error.message));
  }
}

function told(data) {
  const verdict = data.listed ? "Yes, this start is on offer." : data.free ? "Free, but not on offer." : "Not on offer.";
  const made = [element("p", {}, verdict)];
  const list = (reasons) => element("ul", {}, ...reasons.map((reason) => element("li", {}, sentence(reason))));
  if (data.reasons.length) made.push(list(data.reasons));
  for (const host of data.hosts) {
    const who = `Host ${host.hostId}${host.needed ? ", who is needed," : ""}`;
    made.push(element("p", {}, host.free ? `${who} is free.` : `${who} is not free:`));
    if (!host.free) made.push(list(host.reasons));
  }
  return made;
}

// Moving --------------------------------------------------------------------------------------------------------------

// Steps by key, in columns and rows.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-7, 0], End: [7, 0], PageUp: [0, -4], PageDown: [0, 4] };

function move(event) {
  const from = event.target.closest('[role="gridcell"]');
  const step = STEPS[event.key];
  if (!from || !step || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const cells = [...$("week").querySelectorAll('[role="gridcell"]')];
  const place = cells.indexOf(from);
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  const column = within((place % 7) + step[0], 6);
  const row = within(Math.floor(place / 7) + step[1], cells.length / 7 - 1);
  cells[row * 7 + column].focus();
}

// One time at a time can be reached by Tab: the one that was reached last.
function rove(event) {
  const to = event.target.closest('[role="gridcell"]');
  if (!to) return;
  for (const one of $("week").querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
  to.tabIndex = 0;
}

function turnWeeks(days) {
  form.elements.week.value = addDays(fromMonday(form.elements.week.value || today()), days);
  if (form.reportValidity()) show();
}

const today = () => wallOf(new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString()).day;

function begin() {
  const address = new URLSearchParams(location.search);
  const { eventTypeId, week, timeZone } = form.elements;
  eventTypeId.value = address.get("eventTypeId") ?? "";
  week.value = address.get("week") ?? today();
  week.value ||= today();
  timeZone.value = address.get("timeZone") ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  $("previous").addEventListener("click", () => turnWeeks(-7));
  $("next").addEventListener("click", () => turnWeeks(7));
  $("host").addEventListener("change", paintHost);
  $("week").addEventListener("keydown", move);
  $("week").addEventListener("focusin", rove);
  $("week").addEventListener("click", (event) => {
    const chosen = event.target.closest('[role="gridcell"]');
    if (chosen) why(chosen.dataset.day, Number(chosen.dataset.minute));
  });
  $("another").addEventListener("submit", (event) => {
    event.preventDefault();
    const { day, minute } = wallOf(event.target.elements.time.value);
    why(day, minute);
  });
  if (eventTypeId.value && form.checkValidity()) show();
}

begin();
