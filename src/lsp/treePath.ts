/** Top directories of the kernel's tree. */
const TREE =
  /(?:^|\/)((?:arch|block|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|security|sound|virt)\/.*)$/;

/** A source's path within the kernel's tree, without the directories of the machine that built it; undefined outside of one. */
export const treePath = (file: string): string | undefined => TREE.exec(file)?.[1];
