// The package's types, as a program of TypeScript has them: checked too, since `skipLibCheck` is off by default.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "node:test";

// `asserta/cloudflare` needs the types of Workers.
const ENTRIES = ["asserta", "asserta/http", "asserta/guard", "asserta/host-signatures"];

for (const [module, resolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
  test(`${ENTRIES.join(", ")} with module resolution ${resolution}`, () => {
    const imports = ENTRIES.map((entry, index) => `import * as entry${index} from "${entry}";`);
    writeFileSync("types.ts", `${imports.join("\n")}\nconsole.log(${ENTRIES.map((_, index) => `entry${index}`).join(", ")});\n`);
    const options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--types", "node"];
    try {
      execFileSync("node_modules/.bin/tsc", [...options, "--module", module, "--moduleResolution", resolution, "types.ts"]);
    } catch (error) {
      assert.fail(String(error.stdout));
    }
  });
}
