/** Objects of the kernel as the library gives them. */
import { valueJson } from "../crash/say/valueJson.ts";
import type { Obj } from "../model/object.ts";
import { typeName } from "../model/typeName.ts";
import type { KernelObject } from "./types.ts";

/** The object of the engine behind an object of the library. */
const inner = new WeakMap<KernelObject, Obj>();

/** Returns the object of the engine. */
export function objectOf(object: KernelObject): Obj {
  const known = inner.get(object);
  if (!known) throw new TypeError("this object is not from an open dump");
  return known;
}

/** Returns the library's form of an object. */
export function kernelObject(object: Obj): KernelObject {
  const shown: KernelObject = {
    type: typeName(object.type),
    get address() {
      return object.address;
    },
    at: (path) => kernelObject(object.at(path)),
    has: (path) => object.has(path),
    index: (i) => kernelObject(object.index(i)),
    deref: () => kernelObject(object.deref()),
    value: () => object.value(),
    number: () => object.number(),
    text: () => object.text(),
    bytes: (length) => object.bytes(length).slice(),
    toJSON: () => valueJson(object),
  };
  inner.set(shown, object);
  return shown;
}
