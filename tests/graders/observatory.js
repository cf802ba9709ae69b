// The MDN HTTP Observatory's own tests on heads that no server sent: one JSON object a line in, one a line out.
//
// in   {"lines": [[name, value], ...], "preflight": [[name, value], ...], "scheme": "https", "host": "site.example",
//       "redirects": true, "preloaded": false}
// out  {"score": 100, "grade": "A+", "tests": {"cookies": {"result": "cookies-not-found", "modifier": 0, "passes": true}}}
import fs from "node:fs";
import { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AxiosHeaders } from "axios";

const PRELOADED = "preloaded.example";

// The package reads the list from its own folder and would fetch it while it is installed.
const conf = new URL("../../conf/", import.meta.resolve("@mdn/mdn-http-observatory/src/analyzer/hsts.js"));
fs.mkdirSync(fileURLToPath(conf), { recursive: true });
fs.writeFileSync(new URL("hsts-preload.json", conf), JSON.stringify({ [PRELOADED]: { mode: "force-https" } }));

const { ALL_TESTS, NUM_TESTS } = await import("@mdn/mdn-http-observatory/src/constants.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await import("@mdn/mdn-http-observatory/src/grader/charts.js");
const { getGradeForScore, getScoreModifier } = await import("@mdn/mdn-http-observatory/src/grader/grader.js");
const { Session } = await import("@mdn/mdn-http-observatory/src/retriever/session.js");
const { Requests } = await import("@mdn/mdn-http-observatory/src/types.js");
const { CONFIG } = await import("@mdn/mdn-http-observatory/src/config.js");

// A response as axios hands it over, its lines joined as Node.js joins those that come over the wire, without the blanks
// around values that do not belong to them (RFC 9110 5.5).
function received(lines) {
  const message = new IncomingMessage(null);
  const raw = lines.flatMap(([name, value]) => [name, value.replace(/^[ \t]+|[ \t]+$/g, "")]);
  message._addHeaderLines(raw, raw.length);
  return { headers: new AxiosHeaders(message.headers), status: 200, verified: true, data: "", httpEquiv: new Map() };
}

function requests({ lines, preflight, scheme, host, redirects, preloaded }) {
  const name = preloaded ? PRELOADED : host;
  const made = new Requests(name);
  const { responses } = made;
  responses.auto = received(lines);
  responses.https = scheme === "https" ? responses.auto : null;
  responses.http = received([]);
  responses.cors = received(preflight);
  responses.cors.request = { headers: new AxiosHeaders({ Origin: CONFIG.retriever.corsOrigin }) };
  responses.httpRedirects = [{ url: new URL(`http://${name}/`), status: 200 }];
  if (scheme === "https" && redirects) {
    responses.httpRedirects.push({ url: new URL(`https://${name}/`), status: 200 });
  }
  made.resources.path = "";
  made.session = new Session(new URL(`${scheme}://${host}/`));
  // As http-cookie-agent, the Observatory's client, keeps cookies.
  for (const line of responses.auto.headers["set-cookie"] ?? []) {
    made.session.jar.setCookieSync(line, made.session.url.href, { ignoreError: true });
  }
  return made;
}

// What scan() of src/scanner/index.js does with the results, which cannot be had without a network.
function graded(asked) {
  const made = requests(asked);
  const tests = {};
  let penalties = 0;
  let bonuses = 0;
  for (const test of ALL_TESTS) {
    const output = test(made);
    const modifier = getScoreModifier(output.result);
    if (modifier < 0) penalties += modifier;
    else bonuses += modifier;
    tests[output.constructor.name] = { result: output.result, modifier, passes: output.pass };
  }
  if (Object.keys(tests).length !== NUM_TESTS) throw new Error("two tests have one name");
  const uncurved = 100 + penalties;
  const score = uncurved >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? uncurved + bonuses : uncurved;
  return { ...getGradeForScore(score), tests };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(graded(JSON.parse(line))));
}
