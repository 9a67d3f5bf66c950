// The fetch page with a script: the label fills the form, the matricule is checked as it is typed, services are found
// while one types. Every rule is the server's; without this file the same buttons send the form.
import { makeCombobox } from "./services.js";

const form = document.getElementById("fetch-form");
const token = form.elements.csrf.value;

async function post(path, values) {
  const body = new URLSearchParams({ csrf: token, ...values });
  return fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
}

// ---- the label of a scanner, which types and then presses the return key
const label = document.getElementById("label");
const labelSaid = document.getElementById("label-said");

document.getElementById("label-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const scanned = label.value;
  label.value = "";
  const answer = await post("/fetch/label", { label: scanned });
  const read = await answer.json().catch(() => ({}));
  if (!("ok" in read)) {
    window.location.reload(); // the session is over or locked: the page says so
    return;
  }
  label.toggleAttribute("aria-invalid", !read.ok);
  labelSaid.textContent = read.ok ? "" : read.text;
  if (!read.ok) {
    label.focus();
    return;
  }
  if (bare(matricule.value) && bare(matricule.value) !== read.values.matricule) forgetWhatWasSaid();
  form.elements.qualified.checked = false;
  for (const [name, value] of Object.entries(read.values)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  matricule.dispatchEvent(new Event("input"));
  document.getElementById("verified_on").focus();
});

// What was said of the worker who stood here before is not said of another.
function forgetWhatWasSaid() {
  const told = form.querySelector("section.told");
  for (const field of told.querySelectorAll("input, select")) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = false;
    else field.value = "";
  }
}

// ---- the matricule
const matricule = document.getElementById("matricule");
const bare = (text) => text.replace(/[\s.\u00a0\u202f]/g, "").toUpperCase();
const matriculeSaid = document.getElementById("matricule-said");
let typed = 0;

matricule.addEventListener("input", async () => {
  const now = (typed += 1);
  const length = bare(matricule.value).length;
  matriculeSaid.replaceChildren();
  matricule.removeAttribute("aria-invalid");
  if (length < 15) return;
  const answer = await post("/fetch/ins", { matricule: matricule.value });
  if (now !== typed || !answer.ok) return;
  const { ok } = await answer.json();
  const said = document.createElement("span");
  said.className = ok ? "right" : "fault";
  said.textContent = ok ? matricule.dataset.good : matricule.dataset.bad;
  matriculeSaid.replaceChildren(said);
  if (!ok) matricule.setAttribute("aria-invalid", "true");
});

// ---- services
makeCombobox({
  input: document.getElementById("services"),
  list: document.getElementById("services-list"),
  said: document.getElementById("services-said"),
  chosen: document.getElementById("services-chosen"),
  button: document.getElementById("services-find"),
  most: Number(document.getElementById("count").dataset.most),
});

// ---- when the worker was informed: the hour typed is the one of this place
const moment = form.querySelector("input[type=datetime-local]");
function tellZone() {
  const at = moment.value ? new Date(moment.value) : new Date();
  form.elements.zone.value = String(at.getTimezoneOffset());
}
moment.addEventListener("input", () => {
  form.querySelector("input[name=informed_when][value=other]").checked = true;
  tellZone();
});
tellZone();

// What was marked as wrong is no longer said to be once somebody works on it.
form.addEventListener("input", (event) => {
  const field = event.target.closest(".field") || event.target.closest("section");
  if (event.target.getAttribute("aria-invalid")) event.target.removeAttribute("aria-invalid");
  if (event.target !== matricule && field.matches(".field")) field.querySelector(".fault")?.remove();
});

const alert = document.querySelector(".notice[role=alert]");
if (alert) alert.focus();
