/** Links in disassembled functions. */
import * as vscode from "vscode";
import { type ListingLink, listingLinks } from "./listing.ts";

const TOOLTIPS: Readonly<Record<ListingLink["command"], string>> = {
  "vmcore.disassemble": vscode.l10n.t("Show the instructions there"),
  "vmcore.goTo": vscode.l10n.t("Show the source or the memory there"),
};

/** Registers links for jumps, calls, data and source lines of disassembled functions. */
export const listingDocument = (): vscode.Disposable[] => [
  vscode.languages.registerDocumentLinkProvider(
    { scheme: "debug" },
    {
      provideDocumentLinks(document) {
        const isListing = document.uri.path.endsWith(".s");
        const lines = isListing ? document.getText().split("\n") : [];
        return lines.flatMap((line, number) => listingLinks(line).map((link) => documentLink(number, link)));
      },
    },
  ),
];

function documentLink(line: number, { start, end, command, address }: ListingLink): vscode.DocumentLink {
  const query = encodeURIComponent(JSON.stringify([address]));
  const link = new vscode.DocumentLink(
    new vscode.Range(line, start, line, end),
    vscode.Uri.parse(`command:${command}?${query}`),
  );
  link.tooltip = TOOLTIPS[command];
  return link;
}
