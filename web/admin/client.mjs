// Makes `src/client.ts` from the API's document: a type per schema, a function per operation. `--check` writes nothing and
// fails when it is not what the document gives.

import { readFileSync, writeFileSync } from "node:fs";

const DOCUMENT = new URL("../../docs/openapi/admin.json", import.meta.url);
const CLIENT = new URL("src/client.ts", import.meta.url);

const document = JSON.parse(readFileSync(DOCUMENT, "utf8"));
const text = client(document);
if (process.argv.includes("--check")) {
  if (readFileSync(CLIENT, "utf8") !== text) {
    console.error("src/client.ts is not what docs/openapi/admin.json gives; run npm run client");
    process.exit(1);
  }
} else {
  writeFileSync(CLIENT, text);
}

function client({ paths, components }) {
  const lines = ["// Made by client.mjs from docs/openapi/admin.json. Change that, not this.", ""];
  lines.push('import { call, path, query } from "./call.js";', "");
  for (const [name, schema] of Object.entries(components.schemas)) {
    if (name !== "Problem") lines.push(...described(schema, ""), `export type ${name} = ${type(schema, "")};`, "");
  }
  const resources = new Map();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [resource, name] = operation.operationId.split(".");
      if (!resources.has(resource)) resources.set(resource, []);
      resources.get(resource).push(...described({ description: operation.summary }, "  "), ...method_(name, path, method, operation));
    }
  }
  lines.push("export const api = {");
  for (const [resource, functions] of resources) {
    lines.push(`  ${resource}: {`, ...functions.map((line) => `  ${line}`), "  },");
  }
  lines.push("};", "");
  return lines.join("\n");
}

function method_(name, path, method, operation) {
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const guarded = parameters.some((parameter) => parameter.name === "If-Match");
  const body = operation.requestBody?.content["application/json"].schema;
  const given = inPath.map((parameter) => `${camel(parameter.name)}: string`);
  if (guarded) given.push("version: string");
  if (body) given.push(`body: ${type(body, "  ")}`);
  if (inQuery.length > 0) given.push(`search: ${fields(inQuery)}${inQuery.some((one) => one.required) ? "" : " = {}"}`);
  const names = inPath.map((parameter) => `, ${camel(parameter.name)}`).join("");
  const target = `path(${JSON.stringify(path)}${names})${inQuery.length > 0 ? " + query(search)" : ""}`;
  const content = operation.responses["200"].content;
  if (!content["application/json"]) {
    return [`  /** The address; a browser loads it by itself. */`, `  ${camel(name)}: (${given.join(", ")}): string => ${target},`];
  }
  given.push("signal?: AbortSignal");
  const result = type(content["application/json"].schema, "  ");
  const send = [JSON.stringify(method.toUpperCase()), target, body ? "body" : "undefined", guarded ? "version" : "undefined", "signal"];
  return [`  ${camel(name)}: (${given.join(", ")}) =>`, `    call<${result}>(${send.join(", ")}),`];
}

function fields(parameters) {
  return `{ ${parameters.map((one) => `${one.name}${one.required ? "" : "?"}: ${type(one.schema, "")}${one.required ? "" : " | undefined"}`).join("; ")} }`;
}

function described({ description }, indent) {
  return description ? [`${indent}/** ${description.replaceAll("\n", " ").replaceAll("*/", "* /")} */`] : [];
}

function type(schema, indent) {
  if (schema === true || Object.keys(schema).every((key) => key === "description")) return "unknown";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either && !schema.properties) return either.map((one) => type(one, indent)).join(" | ");
  if (schema.allOf) return schema.allOf.map((one) => type(one, indent)).join(" & ");
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one }, indent)).join(" | ");
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      if (schema.prefixItems) return `[${schema.prefixItems.map((one) => type(one, indent)).join(", ")}]`;
      return `Array<${type(schema.items ?? true, indent)}>`;
    case "object": {
      const inner = object(schema, indent);
      return either ? `(${inner}) & (${either.map((one) => type(one, indent)).join(" | ")})` : inner;
    }
    default:
      throw new Error(`a schema of no kind that is known: ${JSON.stringify(schema)}`);
  }
}

function object(schema, indent) {
  const properties = Object.entries(schema.properties ?? {});
  const rest = schema.additionalProperties;
  if (properties.length === 0) return rest && typeof rest === "object" ? `Record<string, ${type(rest, indent)}>` : "Record<string, never>";
  const required = new Set(schema.required ?? []);
  const lines = properties.flatMap(([name, one]) => {
    const optional = required.has(name) ? "" : "?";
    const or = optional && !String(one.type).includes("undefined") ? " | undefined" : "";
    return [...described(one, `${indent}  `), `${indent}  ${name}${optional}: ${type(one, `${indent}  `)}${or};`];
  });
  return ["{", ...lines, `${indent}}`].join("\n");
}

function camel(name) {
  return name.replace(/[_-]([a-z])/g, (_, letter) => letter.toUpperCase());
}
