// The service worker of ReplayWeb.page, confined: `told` stands above this line. Whatever it answers gets our
// policy in place of its own, which lets WebSockets through to any host, and the fields of a server that is gone.

const GONE = ["link", "refresh", "alt-svc", "report-to", "reporting-endpoints", "nel", "content-security-policy-report-only"];
const WITHOUT_BODY = [101, 103, 204, 205, 304];

function refused(words) {
  return new Response(words + "\n", { status: 403, headers: { "Content-Type": "text/plain; charset=utf-8", ...told.fields } });
}

function confined(request, answer) {
  // A window of its own could be moved anywhere: it becomes the one around the archive.
  if (request.mode === "navigate" && request.destination === "document") return Response.redirect(told.window);
  if (answer.type === "error" || answer.type === "opaque" || answer.type === "opaqueredirect") {
    return request.mode === "navigate" ? refused("This page cannot be shown.") : answer;
  }
  const headers = new Headers(answer.headers);
  GONE.forEach((name) => headers.delete(name));
  const target = headers.get("Location");
  if (target && new URL(target, request.url).origin !== self.location.origin) return refused("This leads out of the archive.");
  const pdf = /^application\/pdf\b/i.test(headers.get("Content-Type") || "");
  for (const [name, value] of Object.entries(pdf ? told.fieldsOfPdf : told.fields)) headers.set(name, value);
  const body = WITHOUT_BODY.includes(answer.status) ? null : answer.body;
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers });
}

// The same script reads the archive in a worker of the page, which answers nothing.
if (self.FetchEvent) {
  const respondWith = FetchEvent.prototype.respondWith;
  FetchEvent.prototype.respondWith = function (answer) {
    respondWith.call(this, Promise.resolve(answer).then((response) => confined(this.request, response)));
  };

  // Before theirs, which knows no such file.
  self.addEventListener("fetch", (event) => {
    if (!new URL(event.request.url).pathname.endsWith("/proxy/archived_page.js")) return;
    event.stopImmediatePropagation();
    event.respondWith(new Response(told.pageScript, { headers: { "Content-Type": "text/javascript; charset=utf-8" } }));
  });
}

importScripts(told.engine);
