import "./strict";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "./api/client";
import { queryClient } from "./api/queries";
import { Announcer } from "./kit/announce";
import { router } from "./router";
import { forget, nobody } from "./session/session";
import "./styles/base.css";
import "./texts";

whenSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/login") return;
  nobody();
  void router.navigate({ to: "/login", search: { next: href }, replace: true }).then(forget);
});

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Announcer />
    </QueryClientProvider>
  </StrictMode>,
);
