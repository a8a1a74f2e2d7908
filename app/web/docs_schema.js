// What an OpenAPI 3.1 document says, in the forms that the page shows.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST_EXAMPLE = 6;

export class Reader {
  constructor(document) {
    this.document = document;
  }

  /** What a reference points to, or the thing itself. */
  resolved(thing = {}) {
    let found = thing;
    // A reference to a reference may point back to itself.
    for (let step = 0; found?.$ref && step < 10; step += 1) {
      found = found.$ref.slice(2).split("/").reduce((place, name) => place?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], this.document);
    }
    return found ?? {};
  }

  operations() {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      METHODS.filter((method) => methods[method]).map((method) => this.#operation(path, method, methods[method])));
  }

  #operation(path, method, told) {
    const body = this.resolved(told.requestBody).content?.["application/json"]?.schema;
    return {
      path, body, method: method.toUpperCase(), id: told.operationId, tag: told.tags?.[0] ?? "other",
      summary: told.summary ?? "", description: told.description, security: told.security,
      parameters: (told.parameters ?? []).map((one) => this.resolved(one)),
      answers: Object.entries(told.responses).map(([status, one]) => this.#answer(status, this.resolved(one))),
    };
  }

  #answer(status, told) {
    return { status, description: told.description ?? "", schema: Object.values(told.content ?? {})[0]?.schema };
  }

  /** What is inside a schema: fields of an object, items of a list, the several things that it may be. */
  fields(schema) {
    const told = this.resolved(schema);
    const required = new Set(told.required ?? []);
    const fields = Object.entries(told.properties ?? {}).map(([name, one]) => ({ name, schema: one, required: required.has(name) }));
    const several = (told.anyOf ?? told.oneOf ?? told.allOf ?? []).filter((one) => this.fields(one).length);
    fields.push(...several.map((one) => ({ name: typeText(one), schema: one })));
    if (told.items && this.fields(told.items).length) fields.push({ name: "each", schema: told.items });
    if (typeof told.additionalProperties === "object") fields.push({ name: "any name", schema: told.additionalProperties });
    return fields;
  }
}

/** What kind of thing a schema is, in a few words. */
export function typeText(schema = {}) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" or ");
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map(typeText).join(" or ");
  if (schema.type === "array") return `list of ${typeText(schema.items)}`;
  const type = [schema.type ?? "anything"].flat().join(" or ");
  return schema.format ? `${type} (${schema.format})` : type;
}

const LIMITS = {
  minimum: "at least", maximum: "at most", exclusiveMinimum: "more than", exclusiveMaximum: "less than",
  minLength: "shortest", maxLength: "longest", minItems: "fewest", maxItems: "most", pattern: "matches",
};

export function constraints(schema) {
  const limits = Object.entries(LIMITS).filter(([name]) => name in schema).map(([name, word]) => `${word} ${schema[name]}`);
  return "default" in schema ? [...limits, `default ${JSON.stringify(schema.default)}`] : limits;
}

/** A value that a schema might take, with its required fields. */
export function example(reader, schema, depth = 0) {
  const told = reader.resolved(schema);
  if ("const" in told) return told.const;
  const given = told.examples?.[0] ?? told.default ?? told.enum?.[0];
  if (given !== undefined) return given;
  if (depth > DEEPEST_EXAMPLE) return null;
  const several = told.anyOf ?? told.oneOf ?? told.allOf;
  if (several) return example(reader, several[0], depth + 1);
  if (told.type === "array") return (told.minItems ?? 0) > 0 ? [example(reader, told.items, depth + 1)] : [];
  if (told.properties) {
    const needed = Object.entries(told.properties).filter(([name]) => told.required?.includes(name));
    return Object.fromEntries(needed.map(([name, one]) => [name, example(reader, one, depth + 1)]));
  }
  return { string: told.format === "date-time" ? "2050-09-05T10:00:00Z" : "", integer: told.minimum ?? 1, number: told.minimum ?? 1, boolean: false, object: {} }[told.type] ?? null;
}
