// Puts changed values where the server put the first ones: texts, classes, attributes and links by their key.

export function show(root, changed) {
  for (const [key, value] of Object.entries(changed)) {
    const text = value ?? "";
    for (const element of root.querySelectorAll(`[data-text="${key}"]`)) {
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of root.querySelectorAll(`[data-class="${key}"]`)) element.setAttribute("class", text);
    for (const element of root.querySelectorAll(`[data-attr$="=${key}"]`)) {
      element.setAttribute(element.dataset.attr.split("=")[0], text);
    }
    for (const element of root.querySelectorAll(`[data-link="${key}"]`)) {
      element.hidden = !text;
      if (text) element.setAttribute("href", text);
      else element.removeAttribute("href");
    }
  }
}
