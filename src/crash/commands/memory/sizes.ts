/** Formats sizes of memory as crash does. */

/** Formats a size in kilobytes: `12k`. @param bytes a multiple of 1024, as page sizes are */
export const kilobytesText = (bytes: number): string => `${bytes / 1024}k`;
