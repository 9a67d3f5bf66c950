// Finding services while one types: the combobox of the ARIA Authoring Practices (editable, list, one selection at a
// time). Each service chosen becomes a ticked box of the form, so what is sent is the same without this script.

const WAIT_MS = 150;

export function makeCombobox({ input, list, said, chosen, button, most }) {
  let found = [];
  let active = -1;
  let asked = 0;
  let timer = 0;

  button.hidden = true;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("autocomplete", "off");

  const ticked = () => chosen.querySelectorAll("input:checked");

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function point(index) {
    active = index;
    for (const [place, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(place === index));
    }
    const option = list.children[index];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  }

  function describe(member) {
    const places = [member.towns.join(", "), member.departements.length ? `(${member.departements.join(", ")})` : ""];
    return places.filter(Boolean).join(" ");
  }

  function show(members) {
    found = members;
    list.replaceChildren(...members.map((member, index) => {
      const option = document.createElement("li");
      option.id = `service-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const name = document.createElement("strong");
      name.textContent = member.name;
      const where = document.createElement("small");
      where.textContent = [describe(member), member.former_names.join(", ")].filter(Boolean).join(" · ");
      option.append(name, where);
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => choose(index));
      return option;
    }));
    list.hidden = members.length === 0;
    input.setAttribute("aria-expanded", String(members.length > 0));
    said.textContent = members.length ? `${members.length} ${input.dataset.found}` : input.dataset.none;
    active = -1;
    input.removeAttribute("aria-activedescendant");
  }

  async function search() {
    const now = (asked += 1);
    const words = input.value.trim();
    if (!words) {
      close();
      return;
    }
    const answer = await fetch(`/fetch/services?limit=12&q=${encodeURIComponent(words.slice(0, 100))}`);
    if (now !== asked || !answer.ok) return;
    show((await answer.json()).items);
  }

  function choose(index) {
    const member = found[index];
    if (!member) return;
    const known = [...chosen.querySelectorAll("input")].find((box) => box.value === member.id);
    if (!known && ticked().length >= most) {
      said.textContent = input.dataset.full;
      said.classList.remove("visually-hidden");
      close();
      return;
    }
    if (known) known.checked = true;
    else chosen.prepend(pick(member));
    for (const empty of chosen.querySelectorAll(".empty")) empty.remove();
    input.value = "";
    close();
    bound();
  }

  function pick(member) {
    const label = document.createElement("label");
    label.className = "choice pick";
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", name: "services", value: member.id, checked: true });
    const text = document.createElement("span");
    const name = document.createElement("strong");
    name.textContent = member.name;
    const where = document.createElement("small");
    where.textContent = describe(member);
    text.append(name, where);
    label.append(box, text);
    return label;
  }

  // No more than the most: the boxes that are not ticked wait until one is taken out.
  function bound() {
    const full = ticked().length >= most;
    for (const box of chosen.querySelectorAll("input:not(:checked)")) box.disabled = full;
    said.classList.toggle("visually-hidden", !full);
    said.textContent = full ? input.dataset.full : "";
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" && open) point((active + 1) % found.length);
    else if (event.key === "ArrowUp" && open) point((active - 1 + found.length) % found.length);
    else if (event.key === "Enter" && input.value.trim()) {
      if (open) choose(active < 0 ? 0 : active);
      else search();
    } else if (event.key === "Escape" && open) close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  chosen.addEventListener("change", bound);
  bound();
}
