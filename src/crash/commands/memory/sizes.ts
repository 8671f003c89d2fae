/** How crash writes sizes of memory. */

/** `12k`. @param bytes a multiple of 1024, as pages are */
export const kilobytesText = (bytes: number): string => `${bytes / 1024}k`;
