/** The one cache of what the server said, and when it is asked again. */
import { QueryClient } from "@tanstack/react-query";
import { problemOf } from "./problem";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => {
        const { status } = problemOf(error);
        return count < 2 && (status === 0 || status >= 500);
      },
    },
  },
});

/** Forgets every list of companies, and everything below one company. */
export function companiesChanged() {
  return queryClient.invalidateQueries({
    predicate: ({ queryKey }) => String(queryKey[1]).startsWith("/companies"),
  });
}
