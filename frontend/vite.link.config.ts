import { copyFileSync } from "node:fs";
import { defineConfig } from "vite";

// The embedded Link component: one module without dependencies, at an address that pages of other sites write down.
export default defineConfig({
  plugins: [
    {
      name: "types",
      writeBundle: () => copyFileSync("src/link/declared.d.ts", "dist/link/embedded.d.ts"),
    },
  ],
  publicDir: false,
  build: {
    outDir: "dist/link",
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "src/link/embedded.ts", formats: ["es"], fileName: () => "embedded.js" },
  },
});
