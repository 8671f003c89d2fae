/** Text selected in a list of which only some rows are in the document. */

/** The selected part of a column in a row. */
export interface SelectedPiece {
  readonly element: Element;
  readonly text: string;
  /** Whether the whole column is selected. */
  readonly isWhole: boolean;
}

/**
 * A list that draws only the visible rows: each is an element with its number as `data-row` and columns as children.
 */
export interface RowList {
  /** The parent of the rows. */
  readonly body: Element;
  /** Number of rows, drawn or not. */
  readonly count: number;
  /** Returns the text of a row that is selected completely; undefined if it has none. */
  readonly row: (index: number) => string | undefined;
  /** Returns the text of a row that is selected in part. */
  readonly part: (pieces: readonly SelectedPiece[]) => string;
}

/** Returns the first and last row of the selection. Undefined if nothing in the list is selected, or the list is empty. */
export function selectedRows(body: Element | null, count: number): { first: number; last: number } | undefined {
  const range = selectedRange(body);
  if (!body || !range || count === 0) return undefined;
  const first = rowAt(body, range.startContainer, range.startOffset) ?? 0;
  const last = rowAt(body, range.endContainer, range.endOffset - 1) ?? count - 1;
  return { first: Math.min(first, count - 1), last: Math.min(last, count - 1) };
}

/** Returns the selected rows as lines. Undefined if nothing in the list is selected. */
export function selectedText({ body, count, row, part }: RowList): string | undefined {
  const range = selectedRange(body);
  const rows = selectedRows(body, count);
  if (!range || !rows) return undefined;
  const { first, last } = rows;
  const lines: (string | undefined)[] = [];
  for (let index = first; index <= last; index++) {
    const isEdge = index === first || index === last;
    const drawn = isEdge ? body.querySelector(`[data-row="${index}"]`) : null;
    const pieces = drawn ? [...drawn.children].map((column) => piece(range, column)) : [];
    if (drawn && (first === last || pieces.some(({ isWhole }) => !isWhole))) lines.push(part(pieces) || undefined);
    else lines.push(row(index));
  }
  return lines.filter((line) => line !== undefined).join("\n");
}

/** Selects every row, drawn or not. */
export function selectAllRows(body: Element): void {
  const range = document.createRange();
  // Select from outside the rows' parent, because ends within it would move when rows are drawn.
  range.selectNode(body);
  getSelection()?.removeAllRanges();
  getSelection()?.addRange(range);
}

/** Waits until nothing in an element is selected, because an update would remove the selection. */
export function whenUnselected(body: () => Element | null): Promise<void> {
  return new Promise((done) => {
    const look = (): void => {
      if (selectedRange(body())) return;
      document.removeEventListener("selectionchange", look);
      done();
    };
    document.addEventListener("selectionchange", look);
    look();
  });
}

/** Removes the selection in an element whose rows are about to be replaced. */
export function clearSelection(body: Element | null): void {
  if (selectedRange(body)) getSelection()?.removeAllRanges();
}

function selectedRange(body: Element | null): Range | undefined {
  const selection = getSelection();
  if (!body || !selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  return range.intersectsNode(body) ? range : undefined;
}

/**
 * Returns the row that contains an end of the selection. Undefined if none does. @param child index of the child of
 * `body` at the end of the selection, if `container` is `body`
 */
function rowAt(body: Element, container: Node, child: number): number | undefined {
  if (!body.contains(container)) return undefined;
  const node = container === body ? container.childNodes[Math.max(0, child)] : container;
  const element = node instanceof Element ? node : node?.parentElement;
  const row = element?.closest<HTMLElement>("[data-row]")?.dataset.row;
  return row === undefined ? undefined : Number(row);
}

function piece(range: Range, element: Element): SelectedPiece {
  const all = element.textContent;
  if (!range.intersectsNode(element)) return { element, text: "", isWhole: all === "" };
  const part = document.createRange();
  part.selectNodeContents(element);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0)
    part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
  const text = part.toString();
  return { element, text, isWhole: text === all };
}
