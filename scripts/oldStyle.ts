// Wording that this repository no longer uses, as far as a pattern can find it. test/words/words.test.ts checks it.

interface OldStyle {
  readonly pattern: RegExp;
  /** What to write. */
  readonly instead: string;
  /** Where the pattern applies; everywhere when absent. */
  readonly kind?: "comment";
}

export const OLD_STYLE: readonly OldStyle[] = [
  { pattern: /\bnobody\b(?! cared)/i, instead: 'name the actor, or use the passive: "is not requested"' },
  { pattern: /\bwhoever\b/i, instead: "name the caller, the user or the program" },
  { pattern: /\b(?:is|are|was|were|be) (?:not )?believed\b/i, instead: "exceeds the limit, is invalid, is ignored" },
  { pattern: /\blies? (?:nowhere|about|beside)\b/i, instead: "is not mapped, is stored next to" },
  { pattern: /\bas ever\b/i, instead: "leave it out" },
  { pattern: /\bparted (?:by|from)\b|\bparts (?:it|them|a|the|columns?)\b/i, instead: "separated by, separates" },
  { pattern: /\bparts? (?:columns|rows|words)\b/i, instead: "separates" },
  {
    pattern: /\bst(?:ands?|ood|anding) (?:in|at|on|among|before|behind|beside|there|here|where|to the|in front)\b/i,
    instead: "is in, is at, is printed before, contains",
  },
  { pattern: /\bfor so long\b/i, instead: "the duration, with its unit" },
  { pattern: /\b(?:that|which|what) (?:is|are) none\b/i, instead: "that is not a ..." },
  { pattern: /\b(?:is|are|was|were) (?:said|told|asked)\b/i, instead: "reports, prints, receives, is called with" },
  {
    pattern: /\bwhat (?:is|was) (?:asked|wanted|meant|said|told)\b/i,
    instead: "name the thing: the request, the message",
  },
  { pattern: /\bas good as (?:nothing|none|no|any)\b/i, instead: "counts as absent, is ignored" },
  { pattern: /\b(?:is|are) but\b|\bbut (?:one|another) \w+ in\b/i, instead: "is only" },
  { pattern: /\bin the place of\b/i, instead: "instead of, replaces" },
  { pattern: /\b(?:comes?|goes|gone|came) home\b/i, instead: "returns, arrives" },
  { pattern: /\bnone the (?:less|wiser)\b/i, instead: "nevertheless, or leave it out" },
  { pattern: /\ball the same\b/i, instead: "nevertheless, even so" },
  { pattern: /\bto be had\b/i, instead: "available" },
  { pattern: /\bspeaks?\b/i, instead: "uses, implements the protocol" },
  { pattern: /\bof (?:no|little) (?:use|worth|help)\b/i, instead: "has no effect, is not needed" },
  { pattern: /\bsuch as (?:is|are|it|they)\b/i, instead: "rewrite the sentence" },
  { pattern: /\bno success\b/i, instead: "exits with status 1" },
  { pattern: /\bthat much\b|\bso much of\b/i, instead: "the size, with its unit" },
  { pattern: /\bworth (?:its|their|the)\b/i, instead: "say what it costs and saves" },
  { pattern: /\bgiven again\b|\bonce more\b/i, instead: "again" },
  { pattern: /\bis done for\b|\bhas its way\b|\bin vain\b/i, instead: "fails" },
  { pattern: /\bwherever (?:it|they)\b|\bhowever it\b/i, instead: "rewrite the sentence" },
  {
    kind: "comment",
    pattern: /^(?:Of|Whose|Behind|Beyond|Besides|Said|Told|Asked|Given|Wanted|Had|Gone|Nothing|Not)\b/,
    instead: "start with a verb or a noun phrase: Returns ..., Parses ..., The task that ...",
  },
];
