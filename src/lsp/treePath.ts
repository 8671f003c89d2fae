/** Matches the top directories of the kernel's tree. */
const TREE =
  /(?:^|\/)((?:arch|block|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|security|sound|virt)\/.*)$/;

/**
 * Returns a source's path within the kernel's tree, without the directories of the build machine; undefined if it is
 * outside a tree.
 */
export const treePath = (file: string): string | undefined => TREE.exec(file)?.[1];
