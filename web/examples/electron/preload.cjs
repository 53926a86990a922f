// The page can hand a token over, and nothing else.

const { contextBridge, ipcRenderer } = require("electron");

contextBridge.exposeInMainWorld("shop", { send: (token) => ipcRenderer.invoke("token", token) });
