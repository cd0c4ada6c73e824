/** What is typed into the search becomes a query of the API. */

/** Each part of the text must be in the name; the marks of the query grammar cannot be asked for and part the text. */
export function nameQuery(search: string | undefined): string | undefined {
  const parts = (search ?? "").split(/&&|\|\||[{}]/).map((part) => part.trim());
  const terms = parts.filter((part) => part !== "").map((part) => `name~${part}`);
  return terms.length > 0 ? terms.join("&&") : undefined;
}
