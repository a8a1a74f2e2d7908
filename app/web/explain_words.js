// The kinds of docs/explain.md in words.

import { clockOf, dayName, wallOf } from "./explain_time.js";

/** What is painted, from below to above, and other kinds that are counted. */
export const KINDS = {
  offered: "Offered",
  open: "Open",
  booking: "Booked",
  reservation: "Held",
  calendar: "Busy in a calendar",
  buffer: "Buffer",
  dateClosed: "Date closed",
  outOfOffice: "Out of office",
  notice: "Too soon",
  bookingWindow: "Outside the booking window",
  limit: "Limit reached",
  seats: "Seats taken",
  outsideHours: "Outside hours",
  grid: "Off the grid",
  onlyFirstSlot: "Only the first is shown",
  askedWindow: "Ends after the window",
  nobody: "Nobody hosts it",
};

function range({ start, end }) {
  if (!start) return "";
  const from = wallOf(start);
  const to = wallOf(end);
  const until = from.day === to.day ? clockOf(to.minute) : moment(end);
  return ` (${moment(start)} to ${until})`;
}

function moment(text) {
  const { day, minute } = wallOf(text);
  return `${dayName(day, "short")} ${clockOf(minute)}`;
}

const COUNTED = { bookings: "bookings", minutes: "minutes", teamBookings: "bookings of the team" };
const TAKEN = { booking: "a booking", reservation: "a slot that is held for somebody", calendar: "an event in a calendar" };

const SENTENCES = {
  outsideHours: () => "It is not all within their hours.",
  dateClosed: (reason) => `The date is closed${range(reason)}.`,
  outOfOffice: (reason) => `They are out of office${range(reason)}.`,
  booking: (reason) => `It overlaps a booking${range(reason)}.`,
  reservation: (reason) =>
    `It overlaps a slot that is held for somebody${range(reason)}${reason.reservationUntil ? `, until ${moment(reason.reservationUntil)}` : ""}.`,
  calendar: (reason) => `A connected calendar reports them as busy${range(reason)}.`,
  buffer: (reason) => `It runs into the buffer of ${TAKEN[reason.of] ?? "something"}${range(reason)}.`,
  limit: (reason) => `The ${reason.period} is full: at most ${reason.most} ${COUNTED[reason.counts]}${range(reason)}.`,
  seats: (reason) => `All seats are taken: ${reason.seatsBooked} of ${reason.seatsTotal}.`,
  notice: (reason) => `It is too soon, or past: the earliest start is ${moment(reason.earliest)}.`,
  bookingWindow: (reason) => `Only some days can be booked: ${days(reason)}.`,
  grid: () => "The time is free, but starts are offered at other minutes.",
  onlyFirstSlot: () => "Only the first start of a date is shown.",
  askedWindow: () => "It would end after the time that was asked about.",
  nobody: () => "Nobody hosts this event type.",
};

function days({ firstDate, lastDate }) {
  const from = firstDate ? `from ${dayName(firstDate, "long")}` : "";
  const to = lastDate ? `to ${dayName(lastDate, "long")}` : "";
  return `${from} ${to}`.trim();
}

export const sentence = (reason) => SENTENCES[reason.kind]?.(reason) ?? reason.kind;
