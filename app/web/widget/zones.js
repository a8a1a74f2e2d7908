/** Dates and times as people in a zone have them; all of it by Intl. A date is "YYYY-MM-DD". */
export function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function isZone(name) {
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export function zones(chosen) {
  return [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", ownZone(), chosen])].sort();
}

export function usesTwelveHours() {
  return Boolean(Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12);
}

export function today(zone) {
  return Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format();
}

/** Returns what clocks show; of a time that they show twice, as they are put back, with its offset. */
export function timeText(instant, zone, hour12) {
  const at = new Date(instant).getTime();
  const format = { timeZone: zone, hour: hour12 ? "numeric" : "2-digit", minute: "2-digit", hourCycle: hour12 ? "h12" : "h23" };
  const clock = Intl.DateTimeFormat("en", format);
  const text = clock.format(at);
  // By an hour; on Lord Howe Island by half of one.
  const isShownTwice = [-60, -30, 30, 60].some((minutes) => clock.format(at + minutes * 60_000) === text);
  return isShownTwice ? Intl.DateTimeFormat("en", { ...format, timeZoneName: "shortOffset" }).format(at) : text;
}

export function dayText(date) {
  return utcText(date, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

export function monthText(date) {
  return utcText(date, { month: "long", year: "numeric" });
}

export function dateOf(instant, zone) {
  return Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" })
    .format(new Date(instant));
}

/** Calendar arithmetic on dates alone, where a day always has 24 hours. */
export function plusDays(date, days) {
  const moved = new Date(`${date}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

export function plusMonths(date, months) {
  const [year, month, day] = date.split("-").map(Number);
  const length = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, length))).toISOString().slice(0, 10);
}

export function firstOfMonth(date) {
  return `${date.slice(0, 7)}-01`;
}

export function lastOfMonth(date) {
  return plusDays(plusMonths(firstOfMonth(date), 1), -1);
}

/** Monday is 0. */
export function weekday(date) {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

function utcText(date, format) {
  return Intl.DateTimeFormat("en", { timeZone: "UTC", ...format }).format(new Date(`${date}T00:00:00Z`));
}
