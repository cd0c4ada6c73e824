/** What is asked again after an integration has changed. */
import { queryClient } from "../api/queries";

/** Forgets what was read of integrations. */
export function integrationsChanged() {
  return queryClient.invalidateQueries({
    predicate: ({ queryKey }) => String(queryKey[1]).startsWith("/integrations"),
  });
}
