import { z } from "zod";

/** A schema as OpenAPI 3.1 has it: what a caller sends, or after reading, what the value then is. */
export function jsonSchema(schema: z.core.$ZodType, io: "input" | "output" = "input"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** A parameter for each field of an object schema. */
export function parametersOf(place: "header" | "query", fields: z.ZodObject, io: "input" | "output" = "input"): object[] {
  return Object.entries(fields.shape).map(([name, field]) => ({
    name,
    in: place,
    required: !z.safeParse(field, undefined).success,
    schema: jsonSchema(field, io),
  }));
}

export function pathParameter(name: string, schema: object = { type: "string" }): object {
  return { name, in: "path", required: true, schema };
}

/** JSON content of a named schema. */
export function jsonContent(schema: string): object {
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}

export const securitySchemes = {
  boundToken: {
    type: "http",
    scheme: "bearer",
    description: "Access token bound to the client certificate of the connection (RFC 8705)",
  },
};
