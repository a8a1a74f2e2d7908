// The page at /docs: shows /v2/openapi.json, and lets its requests be tried.
//
// Viewers were looked at and left. Of the packages that carry Swagger UI or RapiDoc, drf-spectacular-sidecar
// brings Django, those of flask-openapi3 bring Flask, swagger-ui-bundle stopped at Swagger UI 4, which knows no OpenAPI
// 3.1, and swagger-ui-bundle-v2 is somebody's unofficial copy; each is 0.9 to 1.5 MB of script.

import { constraints, example, Reader, typeText } from "./docs_schema.js";

const PATIENCE_MS = 15_000;
const LONGEST_SHOWN = 100_000;
const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Text with `code` in it, and nothing else that is marked up. */
const prose = (text = "") => text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));

async function begin() {
  $("status").textContent = "Reading the document …";
  try {
    const response = await fetch("/v2/openapi.json", { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(`The service answered ${response.status}.`);
    list(await response.json());
  } catch (error) {
    $("status").textContent = `The document cannot be read. ${error.message}`;
  }
}

// The list ------------------------------------------------------------------------------------------------------------

function list(document) {
  const reader = new Reader(document);
  $("about").append(...document.info.description.trim().split("\n\n").map((text) => element("p", {}, ...prose(text))));
  const sections = new Map();
  for (const operation of reader.operations()) {
    if (!sections.has(operation.tag)) sections.set(operation.tag, []);
    sections.get(operation.tag).push(summarized(reader, operation));
  }
  for (const [tag, operations] of sections) {
    $("operations").append(element("section", {}, element("h2", { id: `tag-${tag}` }, tag), ...operations));
  }
  $("find").addEventListener("input", find);
  $("tools").addEventListener("submit", (event) => event.preventDefault());
  find();
  openNamed();
  window.addEventListener("hashchange", openNamed);
}

function summarized(reader, operation) {
  const { method, path, id, summary } = operation;
  const head = element("summary", {}, element("b", {}, method), element("code", {}, path), " ", element("span", {}, summary));
  const made = element("details", { class: "operation", id, "data-text": `${method} ${path} ${summary}`.toLowerCase() }, head);
  // All at once would be a hundred thousand elements.
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(detailed(reader, operation));
  });
  return made;
}

function find() {
  const words = $("find").value.toLowerCase().split(/\s+/);
  let count = 0;
  for (const section of $("operations").children) {
    const operations = [...section.querySelectorAll(".operation")];
    for (const one of operations) one.hidden = !words.every((word) => one.dataset.text.includes(word));
    const found = operations.filter((one) => !one.hidden).length;
    section.hidden = found === 0;
    count += found;
  }
  $("status").textContent = count === 1 ? "1 operation" : `${count} operations`;
}

function openNamed() {
  const named = location.hash && $(decodeURIComponent(location.hash.slice(1)));
  if (!named) return;
  if (named.matches("details")) named.open = true;
  named.scrollIntoView();
}

// One operation -------------------------------------------------------------------------------------------------------

function detailed(reader, operation) {
  const made = element("div", {}, element("p", {}, ...prose(operation.description)));
  made.append(element("p", {}, credentialsText(operation.security)));
  if (operation.parameters.length) {
    const items = operation.parameters.map((one) =>
      field(reader, one.name, one.schema, { required: one.required, place: one.in, about: one.description }));
    made.append(element("h3", {}, "Parameters"), element("ul", { class: "fields" }, ...items));
  }
  if (operation.body) made.append(element("h3", {}, "Body"), ...schema(reader, operation.body));
  made.append(element("h3", {}, "Answers"), ...operation.answers.map((one) => answer(reader, one)));
  made.append(element("h3", {}, "Try it"), tryForm(reader, operation));
  return made;
}

function credentialsText(security = []) {
  if (!security.length) return "Needs no credentials.";
  return security.some((one) => Object.keys(one).length === 0) ? "Credentials are optional." : "Needs credentials.";
}

function answer(reader, { status, description, schema: told }) {
  const head = element("summary", {}, element("b", {}, status), ` ${description}`);
  const made = element("details", {}, head);
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(...(told ? schema(reader, told) : [element("p", {}, "No body.")]));
  });
  return made;
}

function schema(reader, told) {
  const fields = reader.fields(told);
  const type = element("p", {}, element("small", {}, typeText(told)));
  if (!fields.length) return [type];
  return [type, element("ul", { class: "fields" }, ...fields.map((one) => field(reader, one.name, one.schema, one)))];
}

/** A name with what it may be; what is below it is shown when it is opened, since schemas contain each other. */
function field(reader, name, told, { required, place, about }) {
  const notes = [place, typeText(told), required ? "required" : "", ...constraints(reader.resolved(told))].filter(Boolean).join(", ");
  const text = [element("code", {}, name), " ", element("small", {}, notes), " ", ...prose(about ?? reader.resolved(told).description)];
  if (!reader.fields(told).length) return element("li", {}, ...text);
  const made = element("details", {}, element("summary", {}, ...text));
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(...schema(reader, told));
  });
  return element("li", {}, made);
}

// Trying it -----------------------------------------------------------------------------------------------------------

function tryForm(reader, operation) {
  const made = element("form", { class: "try" });
  for (const one of operation.parameters) {
    const input = element("input", { name: `${one.in}:${one.name}`, autocomplete: "off" });
    input.required = Boolean(one.required);
    input.value = one.in === "header" ? (one.schema?.default ?? one.schema?.enum?.[0] ?? "") : "";
    made.append(element("label", {}, one.name, input));
  }
  if (operation.body) {
    const text = element("textarea", { name: "body", spellcheck: "false" });
    text.value = JSON.stringify(example(reader, operation.body), null, 2);
    made.append(element("label", { class: "wide" }, "Body", text));
  }
  // A body of thousands of lines would be read aloud to the end.
  const told = element("p", { class: "wide", role: "status" });
  const body = element("div", { class: "wide" });
  made.append(element("button", {}, `Send ${operation.method}`), told, body);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.textContent = "Asking …";
    body.replaceChildren();
    const { line, text } = await sent(operation, new FormData(made));
    told.textContent = line;
    if (text !== undefined) body.append(element("pre", { tabindex: "0" }, pretty(text).slice(0, LONGEST_SHOWN)));
  });
  return made;
}

async function sent(operation, values) {
  const { url, headers, body } = requestOf(operation, values);
  try {
    const response = await fetch(url, { method: operation.method, headers, body, credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    return { line: `${operation.method} ${url}: ${response.status}`, text };
  } catch {
    return { line: "The service does not answer." };
  }
}

function requestOf(operation, values) {
  const headers = {};
  const query = new URLSearchParams();
  let path = operation.path;
  for (const { name, in: place } of operation.parameters) {
    const value = values.get(`${place}:${name}`);
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    if (place === "query" && value) query.append(name, value);
    if (place === "header" && value) headers[name] = value;
  }
  const key = $("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = values.get("body") ?? undefined;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { url: query.size ? `${path}?${query}` : path, headers, body };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

begin();
