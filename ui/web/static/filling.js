/* A part of the page that a reply fills anew: what a reader has typed, chosen, opened or focused in it
 * stays.
 */
(() => {
  "use strict";
  const page = window.footnote;

  // A field that is typed in or dragged keeps the focus when what stands around it is told anew.
  function fill(element, html, entered) {
    const active = document.activeElement;
    const { name, type, value, selectionStart: from, selectionEnd: to, selectionDirection: way } = active;
    const within = name && element.contains(active);
    const menus = [...element.querySelectorAll(".fn-menu[open]")];
    const own = entered && element.matches(".fn-room") ? touched(element) : menus.flatMap(touched);
    element.innerHTML = html;
    menus.forEach((menu) => reopen(element, menu));
    own.forEach((field) => setAgain(element, field));
    const named = within ? [...element.querySelectorAll(`[name="${CSS.escape(name)}"]`)] : [];
    // One of several boxes under a name is known by what it stands for.
    const box = type === "checkbox" || type === "radio";
    const field = named.find((one) => one.type === type && (!box || one.value === value)) ?? named[0];
    field?.focus({ preventScroll: true });
    // What is marked stays so: the next key replaces it.
    if (from != null && field?.selectionStart != null) field.setSelectionRange(from, to, way);
  }

  // A menu that is open stays so; what takes its place is known by it.
  const heirs = new WeakMap();
  function reopen(element, menu) {
    const { textContent, firstElementChild: { textContent: name } } = menu;
    const named = [...element.querySelectorAll(".fn-menu")].filter((one) => one.firstElementChild.textContent === name);
    const same = named.find((one) => one.textContent === textContent) ?? (named.length === 1 ? named[0] : null);
    same?.setAttribute("open", "");
    if (same) heirs.set(menu, same);
  }

  // Closes a menu once what was chosen in it is done, with what was typed into it.
  function shut(menu) {
    while (heirs.has(menu)) menu = heirs.get(menu);
    menu.removeAttribute("open");
    menu.querySelectorAll("form").forEach((form) => form.reset());
  }

  // What a reader has chosen or typed in a room stays when it is entered again.
  function touched(room) {
    return [...room.querySelectorAll("select[name], textarea[name], input[name]:not([type=file])")].filter((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
        : field.options ? !([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.selected
        : field.value !== field.defaultValue);
  }

  function setAgain(room, { form, name, value, checked }) {
    const own = form?.dataset.do ? `form[data-do="${form.dataset.do}"] ` : "";
    const field = room.querySelector(`${own}[name="${CSS.escape(name)}"]`);
    if (!field || (field.options && ![...field.options].some((one) => one.value === value))) return;
    Object.assign(field, { value, checked });
    field.dispatchEvent(new Event("change", { bubbles: true })); // a list that follows it follows
  }

  Object.assign(page, { fill, shut });
})();
