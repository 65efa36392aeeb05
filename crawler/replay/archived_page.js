// Runs at the head of every archived page, before any script of its own.

// Archived pages may open no window (the policy's sandbox): a link or form that asks for one opens in its place.
for (const happening of ["click", "submit"]) {
  addEventListener(happening, (event) => {
    const asking = event.target.closest && event.target.closest("a[target], area[target], form[target]");
    if (asking && /^_(blank|new)$/i.test(asking.target)) asking.target = "_self";
  }, true);
}

// Nobody answers, and a browser that forbids it (Connection-Allowlist) may end the page that tries.
delete window.RTCPeerConnection;
delete window.webkitRTCPeerConnection;
