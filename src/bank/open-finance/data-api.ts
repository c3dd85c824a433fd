import type { Context } from "koa";
import type { z } from "zod";
import type { ConsentedToken } from "../consent-guard.ts";
import type { Place } from "./paging.ts";
import { readQuery } from "./read-query.ts";

/** One of the Open Finance data APIs: what its routes, its errors and its part of the OpenAPI document are made from. */
export interface DataApi {
  readonly name: "accounts" | "customers" | "resources";
  readonly title: string;
  /** Of the contract that it serves. */
  readonly version: string;
  /** Path of all its operations, from the listener's root. */
  readonly base: string;
  /** The scope that its tokens must have. */
  readonly scope: string;
  readonly operations: readonly Operation[];
  /** Whether the errors at this path tell totals of records and pages in their meta. */
  readonly errorsTellTotals: (path: string) => boolean;
}

export interface Operation {
  /** Below the API's base, with parameters in braces. */
  readonly path: string;
  readonly summary: string;
  /** The permission that the consent must hold. */
  readonly permission: string;
  readonly query: z.ZodObject;
  readonly answer: z.ZodType;
  /** The name of the answer's schema in the OpenAPI document. */
  readonly answerName: string;
  readonly respond: (ctx: Context, call: Call) => object;
}

/** What an operation knows of the call that it answers. */
export interface Call {
  readonly token: ConsentedToken;
  /** The path's accountId; empty where the path has none. */
  readonly accountId: string;
  readonly place: Place;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface OperationFacts<Query extends z.ZodObject, Answer extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly permission: string;
  readonly query: Query;
  readonly answer: Answer;
  readonly answerName: string;
  readonly respond: (call: Call, query: z.output<Query>) => z.input<Answer>;
}

/** Ties an operation's handler to its schemas: the handler gets the query that was read, and must give the answer's form. */
export function operation<Query extends z.ZodObject, Answer extends z.ZodType<object, object>>(
  facts: OperationFacts<Query, Answer>,
): Operation {
  return { ...facts, respond: (ctx, call) => facts.respond(call, readQuery(ctx, facts.query)) };
}
