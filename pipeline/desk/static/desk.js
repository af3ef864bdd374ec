"use strict";
// Keys, times on the reader's own clock. Everything works without.
(() => {
  const body = document.body, root = body.dataset.root || "";
  const two = (n) => String(n).padStart(2, "0");
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    const local = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
    if (time.dataset.ago) time.title = local;
    else { time.title = `${time.textContent} (${time.dateTime})`; time.textContent = local; }
  }
  if (!body.dataset.keys) return;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let at = -1, going = false;
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(Math.max(at + by, 0), all.length - 1);
    all[at].tabIndex = -1;
    all[at].focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  };
  const follow = (what) => {
    const row = rows()[at];
    const link = (row || document).querySelector(what);
    if (link) link.click();
    return Boolean(link);
  };
  const places = { s: "/", f: "/search", n: "/names", w: "/watches", e: "/feeds", q: "/quarantine" };
  document.addEventListener("keydown", (event) => {
    const inside = event.target.closest && event.target.closest("input, select, textarea, button, a, summary, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || (inside && (event.key === "Enter" || !event.target.closest("a, button, summary")))) return;
    const key = event.key;
    if (going) {
      going = false;
      if (places[key]) location.assign(root + places[key]);
      return;
    }
    const acts = {
      j: () => move(1), k: () => move(-1), o: () => follow("[data-open]"), Enter: () => at >= 0 && follow("[data-open]"),
      v: () => { const a = (rows()[at] || document).querySelector("a.out"); if (a) open(a.href, "_blank", "noopener,noreferrer"); },
      w: () => follow("[data-why]") || location.assign("#why"), x: () => follow("[data-basket]"),
      m: () => { const b = document.querySelector(".basket button"); if (b) b.click(); },
      s: () => { const b = document.querySelector("[data-split]"); if (b) b.click(); },
      u: () => history.back(), "/": () => { event.preventDefault(); document.getElementById("find")?.focus(); },
      g: () => { going = true; }, "?": () => location.assign(root + "/about"),
    };
    if (acts[key]) acts[key]();
  });
})();
