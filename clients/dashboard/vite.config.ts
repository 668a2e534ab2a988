// How is the dashboard built? Into static files that need no other host, no inline script and no server of their own.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // The Content-Security-Policy allows files only: nothing is inlined, neither scripts nor pictures.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    chunkSizeWarningLimit: 1_500,
  },
});
