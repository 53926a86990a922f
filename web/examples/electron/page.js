// The window's page and its policy.

export const POLICY = (service) =>
  `default-src 'none'; script-src 'self' ${service} 'wasm-unsafe-eval'; connect-src ${service}; worker-src blob:; form-action 'none'; base-uri 'none'`;

export const pageFor = (service, siteKey) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Shop</title>
<script src="${service}/.spigot/widget/widget.js" async defer></script>
<script src="/form.js" defer></script>
<form>
  <label>Name <input name="name" autocomplete="name"></label>
  <spigot-challenge site-key="${siteKey}" action="order"></spigot-challenge>
  <button>Order</button>
</form>
`;
