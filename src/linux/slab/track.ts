/** What is stored of the last allocation and the last free of a slab object. */

/** The last allocation or free of an object. */
export interface SlabTrack {
  /** Return addresses, the innermost first; never empty. The first ones can be the allocator's own. */
  readonly stack: readonly bigint[];
  readonly pid: number;
  /** Undefined if it was not stored. */
  readonly cpu: number | undefined;
}

export interface SlabTracks {
  /** What stored them. */
  readonly by: "slub_debug" | "KASAN";
  readonly allocated: SlabTrack | undefined;
  readonly freed: SlabTrack | undefined;
}
