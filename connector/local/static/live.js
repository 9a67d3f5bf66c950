// Following a fetch: at each event the parts of the page that changed are put in place. What is shown is always the
// server's; when the stream ends the page is whole. Leaving the page stops nothing.
const live = document.getElementById("live");
const said = document.getElementById("said");
const path = `/fetches/${live.dataset.fetch}`;

let waiting = false;
let again = false;

async function renew() {
  if (waiting) {
    again = true;
    return;
  }
  waiting = true;
  try {
    const answer = await fetch(`${path}/parts`, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) {
      window.location.reload();
      return;
    }
    place(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } finally {
    waiting = false;
    if (again) {
      again = false;
      renew();
    }
  }
}

function place(fresh) {
  const state = fresh.querySelector("[data-part=state]");
  // Whoever waits before the page sees the document; in a tab left behind it stays closed until they come back.
  if (state.dataset.readable === "yes" && document.visibilityState === "visible") {
    window.location.replace(`${path}?read=1`);
    return;
  }
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = live.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!old || old.dataset.version === part.dataset.version) continue;
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(document.importNode(part, true));
    if (hadFocus) document.getElementById("content").focus();
  }
}

function follow() {
  const events = new EventSource(`${path}/events`);
  const heard = (event) => {
    const told = JSON.parse(event.data);
    if (event.type !== "progress") said.textContent = [told.text, told.next].filter(Boolean).join(" ");
    if (event.type === "progress") progress(told.data);
    else renew();
  };
  for (const kind of ["state", "service", "note", "progress"]) events.addEventListener(kind, heard);
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) return;
    // The stream ended: by the fetch's rest, by the daemon's, or by this session's.
    renew().catch(() => { said.textContent = live.dataset.lost; said.classList.remove("visually-hidden"); });
  });
}

function progress({ received, size }) {
  const bar = live.querySelector(".progress");
  if (bar && size > 0) bar.dataset.tenths = String(Math.floor((10 * received) / size));
}

if (live.dataset.running === "yes") follow();

const print = live.querySelector("[data-print-document]");
const frame = document.getElementById("document");
if (print && frame) {
  print.hidden = false;
  print.addEventListener("click", () => {
    try {
      frame.contentWindow.focus();
      frame.contentWindow.print();
    } catch {
      window.open(frame.src, "_blank", "noopener");
    }
  });
}
