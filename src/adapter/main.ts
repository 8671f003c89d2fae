/**
 * The entry point of the debug adapter: turns on Node's compile cache, then loads the rest. This is a separate file
 * because the cache covers only modules that are loaded after it is turned on.
 */
import { keepCompiledCode } from "../session/userCache.ts";

keepCompiledCode(process.env, import.meta.dirname);
void import("./program.ts");
