/** A context menu in the style of VS Code's own, which is at the mouse or at the cursor's cell. */
import { html, nothing, render } from "lit-html";

export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
}

/** Items between separators. Empty groups are left out. */
export type MenuGroups = readonly (readonly MenuItem[])[];

const menu = document.createElement("div");
menu.id = "menu";
menu.setAttribute("role", "menu");
menu.hidden = true;

/** The element that gets the keyboard focus back; undefined while no menu is open. */
let owner: HTMLElement | undefined;

/** Opens a menu below the button that was clicked. */
export function openMenuBelow(button: HTMLElement, groups: MenuGroups, label: string): void {
  const { left, bottom } = button.getBoundingClientRect();
  openMenu(groups, { x: left, y: bottom }, button, label);
}

/** Returns where the context menu of an element opens: at the mouse; by key, below the start of the element. */
export function contextMenuPoint(element: Element, mouse: MouseEvent | undefined): { x: number; y: number } {
  if (mouse) return { x: mouse.clientX, y: mouse.clientY };
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left + 8, y: bottom };
}

/** Opens the menu at a point of the document, with the focus on its first item. @param from gets the focus afterwards */
export function openMenu(
  groups: MenuGroups,
  { x, y }: { x: number; y: number },
  from: HTMLElement,
  label: string,
): void {
  const shown = groups.filter(({ length }) => length > 0);
  if (shown.length === 0) return;
  if (!menu.isConnected) listen();
  owner = from;
  menu.setAttribute("aria-label", label);
  render(
    shown.map(
      (items, i) =>
        html`${i > 0 ? html`<div class="separator" role="separator"></div>` : nothing}${items.map(
          ({ label: text, run }) =>
            html`<button
              role="menuitem"
              tabindex="-1"
              @click=${() => {
                close();
                run();
              }}
            >
              ${text}
            </button>`,
        )}`,
    ),
    menu,
  );
  menu.hidden = false;
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(0, Math.min(x, innerWidth - width - 4))}px`;
  menu.style.top = `${Math.max(0, Math.min(y, innerHeight - height - 4))}px`;
  items()[0]?.focus();
}

const items = (): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];

function listen(): void {
  document.body.append(menu);
  menu.addEventListener("keydown", onKey);
  menu.addEventListener("contextmenu", (event) => event.preventDefault());
  menu.addEventListener("mouseover", ({ target }) =>
    (target as Element).closest<HTMLElement>("[role=menuitem]")?.focus(),
  );
  document.addEventListener("mousedown", ({ target }) => {
    if (!menu.contains(target as Node)) close();
  });
  for (const name of ["blur", "resize"]) addEventListener(name, () => close());
}

function onKey(event: KeyboardEvent): void {
  const all = items();
  const at = all.findIndex((item) => item === document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
  if (next !== undefined) all[next % all.length]?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key !== "Enter" && event.key !== " ") return;
  else (document.activeElement as HTMLElement).click();
  event.preventDefault();
  event.stopPropagation();
}

function close(): void {
  if (menu.hidden) return;
  menu.hidden = true;
  owner?.focus();
  owner = undefined;
}
