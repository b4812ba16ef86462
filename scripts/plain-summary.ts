/** A last line that any log reader understands: `N passed, N failed`. */
import type { Reporter, TestModule } from "vitest/node";

export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((m) => [...m.children.allTests()]);
    const count = (state: string) => tests.filter((t) => t.result().state === state).length;
    const broken = modules.filter((m) => m.state() === "failed" && [...m.children.allTests()].length === 0).length;
    const line = `${count("passed")} passed, ${count("failed") + broken} failed`;
    process.stdout.write(`\n${count("skipped") > 0 ? `${line}, ${count("skipped")} skipped` : line}\n`);
  }
}
