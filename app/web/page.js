/** The booking page: which event type, and the widget for it. */
import { api } from "/widget.js";

const asked = new URLSearchParams(location.search);
const askedId = Number(asked.get("eventTypeId"));
const told = document.getElementById("told");

/** Returns whose event types are on offer: who is asked for, or else who the service is set to offer. */
async function owners() {
  const username = asked.get("username");
  const teamId = asked.get("teamId");
  if (username || teamId) return { usernames: username ? [username] : [], teamIds: teamId ? [teamId] : [] };
  return api.offered();
}

/** Returns the event types on offer, each once: a managed one is its person's and its team's. */
async function offered() {
  const { usernames, teamIds } = await owners();
  const found = await Promise.allSettled([
    ...usernames.map((name) => api.eventTypesOf(name)),
    ...teamIds.map((id) => api.eventTypesOfTeam(id)),
  ]);
  const types = found.flatMap((one) => one.value ?? []).filter((type) => type.schedulingType !== "managed");
  const failed = found.find((one) => one.reason);
  if (failed && !types.length) throw failed.reason;
  return [...new Map(types.map((type) => [type.id, type])).values()];
}

function lengthText(type) {
  const lengths = type.lengthInMinutesOptions ?? [type.lengthInMinutes];
  return `${new Intl.ListFormat("en", { type: "disjunction" }).format(lengths.map(String))} min`;
}

function link(type, chosenId) {
  const made = document.createElement("a");
  const query = new URLSearchParams(location.search);
  query.set("eventTypeId", type.id);
  made.href = `/?${query}`;
  const about = document.createElement("small");
  about.textContent = `${lengthText(type)} · ${type.team?.name ?? type.users[0].name}`;
  made.append(type.title, about);
  if (type.id === chosenId) made.setAttribute("aria-current", "page");
  return made;
}

function showWidget(id, type) {
  const widget = document.createElement("holdfast-slots");
  widget.setAttribute("event-type-id", id);
  if (type?.lengthInMinutesOptions) {
    widget.setAttribute("lengths", [...new Set([type.lengthInMinutes, ...type.lengthInMinutesOptions])].join(" "));
  }
  document.getElementById("place").append(widget);
}

try {
  const types = await offered();
  const chosen = askedId ? types.find((type) => type.id === askedId) : types[0];
  if (chosen) document.getElementById("types").append(...types.map((type) => link(type, chosen.id)));
  // One that is not on offer may be asked for all the same: whoever has its id was told of it.
  if (chosen || askedId) showWidget(askedId || chosen.id, chosen);
  else told.textContent = "Nothing can be booked here. Add ?username=… or ?eventTypeId=… to this page's address.";
} catch (error) {
  told.textContent = error.message;
}
