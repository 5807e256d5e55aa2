// Small helpers over the document. Text is only ever set as text.

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element as T;
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Text of one line, which the style sheet makes small enough for its panel. */
export function setFitting(element: HTMLElement, text: string): void {
  setText(element, text);
  element.style.setProperty("--characters", String(Math.max(text.length, 1)));
}

export type Tone = "good" | "bad" | "warn" | "plain";

/** A word with a mark; the mark and the colour follow from the tone. */
export function setState(element: HTMLElement, tone: Tone, text: string): void {
  if (element.dataset.state !== tone) element.dataset.state = tone;
  setText(element, text);
}

function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

export type Fact = [name: string, value: string, tone?: Tone];

/** Fills a `<dl>`; its elements stay where they are, so that a reader's place isn't lost. */
export function setFacts(list: HTMLElement, facts: Fact[]): void {
  while (list.children.length > facts.length) list.lastElementChild?.remove();
  facts.forEach(([name, value, tone = "plain"], index) => {
    let row = list.children[index];
    if (!row) {
      row = document.createElement("div");
      row.append(element("dt", ""), element("dd", ""));
      list.append(row);
    }
    const [term, definition] = row.children as unknown as [HTMLElement, HTMLElement];
    setText(term, name);
    setText(definition, value);
    definition.dataset.state = tone;
  });
}

/** Fills a table's body; the first cell of a row is its header. */
export function setRows(body: HTMLElement, rows: string[][]): void {
  while (body.children.length > rows.length) body.lastElementChild?.remove();
  rows.forEach((cells, index) => {
    let row = body.children[index];
    if (!row) {
      row = document.createElement("tr");
      row.append(...cells.map((_, column) => cell(column)));
      body.append(row);
    }
    cells.forEach((text, column) => {
      const cell = row.children[column];
      if (cell) setText(cell, text);
    });
  });
}

function cell(column: number): HTMLElement {
  if (column > 0) return document.createElement("td");
  const header = document.createElement("th");
  header.scope = "row";
  return header;
}

export function tbodyOf(id: string): HTMLElement {
  const body = byId(id).querySelector("tbody");
  if (!body) throw new Error(`#${id} holds no table body`);
  return body;
}
