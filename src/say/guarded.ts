import { attempt, Fault } from "../base/fault.ts";
import { faultPiece, type Pieces } from "./piece.ts";

/** Pieces up to a fault, which becomes the last: one part that is damaged takes nothing from those after it. */
export function* guarded(pieces: Pieces, prefix = ""): Pieces {
  for (;;) {
    const next = attempt(() => pieces.next());
    if (next instanceof Fault) return yield faultPiece(next, prefix);
    if (next.done) return;
    yield next.value;
  }
}
