// Shows the widget and hands what comes of it to the application: by the bridge of WKWebView (iOS, macOS), of Android's
// WebView, of React Native, of Flutter, or to the window that opened this one.

const asked = new URLSearchParams(location.search);
const service = asked.get("service") ?? location.origin;
/** Only where the application's own code runs: an address from outside could name any service. */
const SERVICES = [location.origin, "https://challenge.example"];

function tell(message) {
  const text = JSON.stringify(message);
  if (window.webkit?.messageHandlers?.spigot) window.webkit.messageHandlers.spigot.postMessage(text);
  else if (window.SpigotBridge?.postMessage) window.SpigotBridge.postMessage(text);
  else if (window.ReactNativeWebView) window.ReactNativeWebView.postMessage(text);
  else if (window.opener) window.opener.postMessage(message, location.origin);
}

function begin() {
  window.spigot.render("#place", {
    "site-key": asked.get("key") ?? "",
    ...(asked.get("action") === null ? {} : { action: asked.get("action") }),
    "response-field": false,
    "refresh-expired": "never",
    callback: (token) => tell({ is: "token", token }),
    "error-callback": (code, decision) => tell({ is: "error", code, decision }),
    "before-interactive-callback": () => tell({ is: "shown" }),
  });
}

if (SERVICES.includes(service)) {
  const script = document.createElement("script");
  script.src = `${service}/.spigot/widget/widget.js`;
  script.onload = begin;
  script.onerror = () => tell({ is: "error", code: "unreachable" });
  document.head.append(script);
} else {
  tell({ is: "error", code: "service_not_allowed" });
}
