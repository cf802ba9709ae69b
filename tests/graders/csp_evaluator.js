// Google's csp_evaluator on field values of Content-Security-Policy: one JSON string a line in, one JSON list a line out.
//
// out  [{"severity": "HIGH", "type": "SCRIPT_UNSAFE_INLINE", "directive": "script-src", "value": "'unsafe-inline'"}]
import { createInterface } from "node:readline";
import { Version } from "csp_evaluator/dist/csp.js";
import { CspEvaluator } from "csp_evaluator/dist/evaluator.js";
import { Severity, Type } from "csp_evaluator/dist/finding.js";
import { CspParser } from "csp_evaluator/dist/parser.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { csp } = new CspParser(JSON.parse(line));
  const findings = new CspEvaluator(csp, Version.CSP3).evaluate();
  console.log(
    JSON.stringify(
      findings.map(({ severity, type, directive, value }) => ({
        severity: Severity[severity],
        type: Type[type],
        directive,
        value: value ?? null,
      })),
    ),
  );
}
