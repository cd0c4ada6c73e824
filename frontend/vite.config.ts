/// <reference types="vitest/config" />
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// While working on the portal: `TRIBUTARY_URL=http://127.0.0.1:8080 npm run dev` asks that server for everything else.
const server = process.env.TRIBUTARY_URL ?? "http://127.0.0.1:8080";
const roots = ["/portal/api", "/companies", "/integrations", "/apiKeys", "/profile", "/webhooks", "/assets"];
const proxy = Object.fromEntries(roots.map((root) => [root, { target: server, changeOrigin: true }]));

export default defineConfig({
  base: "/portal/",
  plugins: [react(), tailwind()],
  server: { proxy },
  build: {
    manifest: true,
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The reference is one library, for developers, at an address of its own.
    chunkSizeWarningLimit: 1600,
    rolldownOptions: { input: ["index.html", "docs.html"] },
  },
  // The timeout ends what hangs; a busy machine takes many times what a quiet one does.
  test: { environment: "jsdom", setupFiles: ["src/testing.ts"], css: false, restoreMocks: true, testTimeout: 120_000 },
});
