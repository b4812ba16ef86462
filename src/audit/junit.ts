/** An audit as JUnit XML: what continuous integration shows as tests. */
import { escapeHtml } from "../report/index.ts";
import type { AuditReport } from "./report.ts";

/** Also the gate of `--fail-under`, where one was set. */
export function auditJunit(report: AuditReport, gate?: number): string {
  const percent = (v: number) => `${(100 * v).toFixed(2)} %`;
  const cases = report.verdicts.map(({ check, title, status, evidence, mend }) => ({
    name: check,
    text: `${title}: ${evidence}${mend ? `. To mend: ${mend}` : ""}`,
    status,
  }));
  const accuracy = `robust accuracy ${percent(report.robustAccuracy)} (${report.threat.norm}, ε = ${report.threat.epsilon}), clean ${percent(report.cleanAccuracy)}, n = ${report.n}`;
  const gates =
    gate === undefined
      ? []
      : [{ name: "fail-under", text: `${accuracy}; the gate is ${percent(gate)}`, status: report.robustAccuracy < gate ? "fail" : "pass" }];
  const all = [...gates, ...cases];
  const count = (status: string) => all.filter((c) => c.status === status).length;
  const lines = all.map(({ name, text, status }) => {
    const body =
      status === "fail"
        ? `<failure message="${escapeHtml(text)}"/>`
        : status === "not run"
          ? `<skipped message="${escapeHtml(text)}"/>`
          : `<system-out>${escapeHtml(text)}</system-out>`;
    return `  <testcase classname="counterfoil.audit" name="${escapeHtml(name)}">${body}</testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="counterfoil audit" tests="${all.length}" failures="${count("fail")}" skipped="${count("not run")}" time="${report.seconds.toFixed(1)}">
${lines.join("\n")}
</testsuite>
`;
}
