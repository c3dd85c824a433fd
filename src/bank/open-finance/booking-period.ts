import { z } from "zod";
import { addDays, addMonths, dayOf, isDay, type Day } from "./calendar.ts";
import { dataRefusal } from "./data-refusals.ts";

const day = z.string().refine(isDay).meta({ format: "date" }).describe("uma data do calendário, AAAA-MM-DD");

export const periodQuery = z.object({ fromBookingDate: day.optional(), toBookingDate: day.optional() });

export interface Period {
  readonly first: Day;
  readonly last: Day;
}

/** How far back a query may go, told from today; the future is open for twelve months in both. */
const reaches = {
  "twelve-months": { earliest: (today: Day) => addMonths(today, -12), said: "12 meses" },
  // D-6 to D is seven days with both ends.
  "seven-days": { earliest: (today: Day) => addDays(today, -6), said: "6 dias (7 com o de hoje)" },
} as const;

/**
 * The days that a query of transactions asks for; only today when it names none.
 * @param now milliseconds since the epoch; today is the day in Brasília.
 * @throws ApiRefusal PARAMETRO_NAO_INFORMADO for one end without the other, PERIODO_NAO_PERMITIDO for ends in the wrong
 * order or out of reach.
 */
export function bookingPeriod(query: z.output<typeof periodQuery>, now: number, reach: keyof typeof reaches): Period {
  const today = dayOf(now);
  const { fromBookingDate: first, toBookingDate: last } = query;
  if (first === undefined && last === undefined) return { first: today, last: today };
  if (first === undefined || last === undefined) {
    throw dataRefusal("PARAMETRO_NAO_INFORMADO", "Envie fromBookingDate e toBookingDate juntos, ou nenhum dos dois para consultar o dia de hoje.");
  }
  if (first > last) throw dataRefusal("PERIODO_NAO_PERMITIDO", "fromBookingDate deve ser anterior ou igual a toBookingDate.");
  const { earliest, said } = reaches[reach];
  const bounds = { first: earliest(today), last: addMonths(today, 12) };
  if (first < bounds.first || last > bounds.last) {
    throw dataRefusal(
      "PERIODO_NAO_PERMITIDO",
      `A consulta vai até ${said} no passado e 12 meses no futuro: de ${bounds.first} a ${bounds.last}.`,
    );
  }
  return { first, last };
}
