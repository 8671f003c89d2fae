/** The entry point of the debug adapter. It is a file of its own, so that Node keeps the compiled code of the rest. */
import { keepCompiledCode } from "../session/userCache.ts";

keepCompiledCode(process.env);
void import("./program.ts");
