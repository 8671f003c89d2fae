/** Starts the language server. */
import { createConnection } from "vscode-languageserver/node";
import { messageStrategy } from "./parameters.ts";
import { serve } from "./server.ts";

serve(createConnection({ messageStrategy }));
