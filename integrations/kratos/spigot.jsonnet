// What Spigot is told of a flow. Two lines are yours: which trait names the account, and where your page puts the token of the
// widget (`transient_payload`).
function(ctx)
  local flow = std.get(ctx, 'flow', {});
  local payload = std.get(flow, 'transient_payload', {});
  local identity = std.get(ctx, 'identity');
  {
    request: {
      method: ctx.request_method,
      url: ctx.request_url,
      headers: ctx.request_headers,
    },
    clearance: std.get(std.get(ctx, 'request_cookies', {}), 'spigot_clearance'),
    token: if std.isObject(payload) then std.get(payload, 'spigot_token') else null,
    identity: if identity == null then null else {
      identifier: std.get(std.get(identity, 'traits', {}), 'email'),
      metadata_admin: std.get(identity, 'metadata_admin'),
    },
  }
