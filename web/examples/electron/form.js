// The form goes to the application instead of to an address; the widget has held it until its token was there.

addEventListener("submit", (event) => {
  event.preventDefault();
  window.shop.send(new FormData(event.target).get("spigot-response"));
});
