import type { Context, Middleware, Next } from "koa";
import { guid } from "../api-family.ts";
import { dataRefusal } from "./data-refusals.ts";

const header = "x-fapi-interaction-id";

/** Gives every answer the call's interaction id, or a new one where the call brought none that is a UUID. */
export function echoInteractionId(newId: () => string) {
  return (ctx: Context, next: Next): Promise<void> => {
    const sent = ctx.get(header);
    ctx.set(header, guid.test(sent) ? sent : newId());
    return next();
  };
}

/** Refuses what came without a valid interaction id (D19); the answer then bears a new one, which the caller takes over. */
export const requireInteractionId: Middleware = (ctx, next) => {
  const sent = ctx.get(header);
  if (guid.test(sent)) return next();
  if (sent === "") {
    throw dataRefusal(
      "PARAMETRO_NAO_INFORMADO",
      `Envie o cabeçalho ${header} com um UUID novo a cada requisição. Esta resposta traz um que pode ser adotado.`,
    );
  }
  throw dataRefusal(
    "PARAMETRO_INVALIDO",
    `O cabeçalho ${header} deve vir uma vez e ser um UUID de 36 caracteres; vieram ${sent.length} caracteres de outra forma. Esta resposta traz um que pode ser adotado.`,
  );
};
