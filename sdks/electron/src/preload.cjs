// For sandboxed windows: the page can ask for a token, and nothing else.

const { contextBridge, ipcRenderer } = require('electron')

contextBridge.exposeInMainWorld('spigot', { token: (action) => ipcRenderer.invoke('spigot:token', action) })
