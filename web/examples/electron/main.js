// A window with a form that the widget checks. The page is served to the window under an address of its own, so that it has
// an origin that a site key can name: `app://shop`. The token is checked by your server, never here.

import { app, BrowserWindow, ipcMain, protocol } from "electron";
import { readFile } from "node:fs/promises";
import { pageFor, POLICY } from "./page.js";

const SERVICE = process.env.SPIGOT_SERVICE ?? "http://127.0.0.1:8082";
const SITE_KEY = process.env.SPIGOT_SITE_KEY ?? "1x00000000000000000000AA";

protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } }]);

app.whenReady().then(() => {
  protocol.handle("app", async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/form.js") {
      return new Response(await readFile(new URL("form.js", import.meta.url)), { headers: { "Content-Type": "text/javascript" } });
    }
    return new Response(pageFor(SERVICE, SITE_KEY), { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY(SERVICE) } });
  });
  ipcMain.handle("token", (_, token) => {
    // Send it to your server with what the form holds; it asks the service.
    console.log(`a token of ${token.length} characters`);
  });
  const window = new BrowserWindow({
    webPreferences: { preload: new URL("preload.cjs", import.meta.url).pathname, sandbox: true, contextIsolation: true },
  });
  void window.loadURL("app://shop/");
});

app.on("window-all-closed", () => app.quit());
