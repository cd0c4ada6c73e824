/** What went wrong with a call, in one shape: what happened, at which field, and whether trying again can help. */
import { t } from "i18next";
import { OddAnswer, type Schemas } from "./client";

export type Problem = {
  /** The HTTP status; 0 when no answer came. */
  status: number;
  /** One sentence for people. */
  message: string;
  /** What is wrong with single fields, by the field's name in camelCase. */
  fields: Record<string, string>;
  /** The request's id, to be found in the server's log. */
  reference?: string;
  /** Whether the same call can succeed later. */
  again: boolean;
};

type ErrorBody = Schemas["ErrorBody"];

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function isErrorBody(error: unknown): error is ErrorBody {
  return typeof error === "object" && error !== null && "statusCode" in error && "error" in error;
}

/** The server begins a sentence about one field with its name and a colon. */
function fieldsOf(body: ErrorBody): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const { itemId, message } of body.validation?.errors ?? []) {
    if (itemId && message) fields[camel(itemId)] = message;
  }
  const [, name, rest] = /^([a-z][a-zA-Z_]*): (.+)$/s.exec(body.error) ?? [];
  if (name && rest) fields[camel(name)] ??= sentence(rest);
  return fields;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Whatever a call threw, as a problem. */
export function problemOf(error: unknown): Problem {
  if (isErrorBody(error)) {
    return {
      status: error.statusCode,
      message: sentence(error.error),
      fields: fieldsOf(error),
      reference: error.correlationId,
      again: error.canBeRetried !== "False",
    };
  }
  if (error instanceof OddAnswer) {
    return { status: error.status, message: t("problem.odd", { status: error.status }), fields: {}, again: true };
  }
  if (error instanceof TypeError) return { status: 0, message: t("problem.offline"), fields: {}, again: true };
  return { status: 0, message: t("problem.fault", { what: String(error) }), fields: {}, again: false };
}
