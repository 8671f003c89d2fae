/** `struct new_utsname`: names of a system. */

/** `struct new_utsname`. */
export interface Utsname {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

/** Size in bytes of each array of `struct new_utsname` (include/uapi/linux/utsname.h): `__NEW_UTS_LEN` and a NUL. */
export const UTSNAME_FIELD = 65;

/** Returns the names, whose arrays are read in the order of the struct. @param field reads the array with an index */
export const utsnameOf = (field: (index: number) => string): Utsname => ({
  sysname: field(0),
  nodename: field(1),
  release: field(2),
  version: field(3),
  machine: field(4),
  domainname: field(5),
});
