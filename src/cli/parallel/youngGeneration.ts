/** Bounds the memory that V8 uses for new objects. */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Milliseconds during which new objects get the least memory. Most commands are done then. */
const SHORT_MS = 500;
/** Size in bytes at which the memory for new objects no longer grows. */
const MOST_BYTES = 8 << 20;
/** Half of it in MiB, for threads: V8 copies the objects that are in use from one half to the other. */
const THREAD_HALF = 4;

/**
 * Bounds the memory for new objects of this thread. V8 lets it grow to 128 MiB, most of which holds objects that are no
 * longer used: commands for many tasks make many short-lived objects.
 */
export function boundYoungGeneration(): void {
  grow(false);
  setTimeout(() => {
    grow(true);
    // The memory grows only when V8 collects garbage. A timer would also run while the prompt waits for a line.
    const collections = new PerformanceObserver(() => {
      if (youngBytes() < MOST_BYTES) return;
      grow(false);
      collections.disconnect();
    });
    collections.observe({ entryTypes: ["gc"] });
  }, SHORT_MS).unref();
}

/** Returns the size of the memory for new objects of this thread, in bytes. */
const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;

/** Whether V8 doubles the memory for new objects when many of them are in use. V8 reads this flag each time. */
const grow = (isGrowing: boolean): void => setFlagsFromString(`--semi-space-growth-factor=${isGrowing ? 2 : 1}`);

/** Gives threads that start from now on a fixed size of the memory for new objects. V8 reads these flags at a start. */
export function boundThreads(): void {
  setFlagsFromString(`--min-semi-space-size=${THREAD_HALF}`);
  setFlagsFromString(`--max-semi-space-size=${THREAD_HALF}`);
}
