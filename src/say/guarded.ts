/** Continues after a damaged part. */
import { attempt, Fault } from "../base/fault.ts";
import { faultPiece, type Pieces } from "./piece.ts";

/** Yields pieces up to a fault, which becomes the last, so that a damaged part does not affect those after it. */
export function* guarded(pieces: Pieces, prefix = ""): Pieces {
  for (;;) {
    const next = attempt(() => pieces.next());
    if (next instanceof Fault) return yield faultPiece(next, prefix);
    if (next.done) return;
    yield next.value;
  }
}
