import type { Context } from "koa";
import type { z } from "zod";
import { printable } from "../../kernel/refusal.ts";
import { dataRefusal } from "./data-refusals.ts";

/**
 * Reads the query of a call. An empty parameter counts as one that was not sent; an unknown one is refused, since a
 * misspelt filter that is passed over gives other data than was asked for.
 * @throws ApiRefusal PARAMETRO_INVALIDO for the first parameter that is unknown, repeated or of another form.
 */
export function readQuery<Schema extends z.ZodObject>(ctx: Context, schema: Schema): z.output<Schema> {
  const sent = sentParameters(ctx);
  const names = [...new URLSearchParams(ctx.querystring).keys()];
  const foreign = names.find((name) => !Object.hasOwn(schema.shape, name));
  if (foreign !== undefined) {
    const known = Object.keys(schema.shape).join(", ");
    throw dataRefusal(
      "PARAMETRO_INVALIDO",
      known === ""
        ? `Este endpoint não aceita parâmetros na URL; veio ${printable(foreign)}. Retire-o.`
        : `Este endpoint aceita na URL apenas ${known}; veio ${printable(foreign)}. Retire-o, ou corrija o nome.`,
    );
  }
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw dataRefusal("PARAMETRO_INVALIDO", `Envie o parâmetro ${repeated} uma só vez.`);
  const query = schema.safeParse(sent);
  if (query.success) return query.data;
  const wrong = String(query.error.issues[0]?.path[0]);
  throw dataRefusal(
    "PARAMETRO_INVALIDO",
    `O parâmetro ${wrong} deve ser ${schema.shape[wrong]?.description}; veio ${printable(sent[wrong])}.`,
  );
}

/** The parameters that have a value, by name. */
export function sentParameters(ctx: Context): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(ctx.querystring)].filter(([, value]) => value !== ""));
}
