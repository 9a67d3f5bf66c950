// The server locks an idle session by itself; this only takes what is on the screen away at the same time.
const SIGNS = ["pointerdown", "keydown", "wheel", "touchstart"];

export function watchIdleness(seconds) {
  let seenAt = Date.now();
  const note = () => { seenAt = Date.now(); };
  for (const sign of SIGNS) document.addEventListener(sign, note, { passive: true, capture: true });
  const look = () => {
    if (Date.now() - seenAt >= seconds * 1000) {
      window.location.replace(`/login?locked=1&next=${encodeURIComponent(document.body.dataset.path)}`);
    }
  };
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
}
