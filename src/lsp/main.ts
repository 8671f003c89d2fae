/** Starts the language server. */
import { createConnection } from "vscode-languageserver/node";
import { serve } from "./server.ts";

serve(createConnection());
