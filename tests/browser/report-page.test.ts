import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { buildFrontier } from "../../harness/explore/frontier.ts";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { sha256Base64 } from "../../harness/platform/digest.ts";
import { renderCompareHtml } from "../../harness/report/html/compare-page.ts";
import { renderHtml } from "../../harness/report/html/page.ts";
import { browserNeed, openBrowser, openPage, seriousProblems } from "../fixtures/browser.ts";
import { manyVariantsBody } from "../fixtures/many-variants.ts";
import { row } from "../fixtures/summary-builder.ts";
import { hostile } from "../fixtures/summary-cases.ts";
import { digitsBody, digitsItems, writeConfig } from "../fixtures/sweep-configs.ts";

const need = browserNeed();
const root = mkdtempSync(join(tmpdir(), "quantgate-browser-"));
/** Where screenshots go for somebody to look at; nowhere by default. */
const shots = process.env["QUANTGATE_SCREENSHOTS"];
let browser: Browser;
const pages = new Map<string, string>();

async function runPage(name: string, body: Record<string, unknown>): Promise<void> {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const config = writeConfig(folder, body);
  const env = { QUANTGATE_CACHE_DIR: join(root, "cache") };
  const { runFolder } = await sweep({ config, outDir: join(folder, "results"), cwd: folder, env });
  pages.set(name, join(runFolder, "report.html"));
}

function builtPage(name: string, html: string): void {
  const path = join(root, `${name}.html`);
  writeFileSync(path, html);
  pages.set(name, path);
}

before(async () => {
  if (need.skip !== false) return;
  browser = await openBrowser();
  await runPage(
    "digits",
    digitsBody({
      quants: ["fp32", "u8s8", "w8a16", "w2a8"],
      calibration: { dataset: digitsItems("calibration", 100), count: 100 },
      telemetry: { probe: "cpu_only", rate_hz: 50 },
    }),
  );
  mkdirSync(join(root, "many"));
  await runPage("many", manyVariantsBody(join(root, "many")));
  const long = "<b>long&name</b> ".repeat(256);
  const { rows, ...rest } = hostile();
  const summary = {
    ...rest,
    rows: [...rows, row(long, { cell_id: long, variant_id: long, model_id: rows[0]?.model_id ?? "" })],
  };
  const source = { path: "summary.json", sha256: "0".repeat(64) };
  const input = { summary, frontier: buildFrontier(summary, { source, resamples: 50 }), includeInvalid: true };
  builtPage("hostile", renderHtml(input, sha256Base64));
  builtPage("compare", renderCompareHtml(input, input, sha256Base64));
});

after(async () => {
  await browser?.close();
  rmSync(root, { recursive: true, force: true });
});

const fileOf = (name: string) => pages.get(name) as string;

describe("report.html in a browser", need, () => {
  for (const name of ["digits", "many", "hostile", "compare"]) {
    it(`${name}: opens from a file without console errors, exceptions, dialogs or requests, fits, and axe finds nothing serious`, async () => {
      for (const [scheme, width] of [
        ["light", 1240],
        ["dark", 390],
      ] as const) {
        const { page, problems } = await openPage(browser, fileOf(name), { scheme, width });
        if (shots !== undefined) {
          await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`), fullPage: true });
        }
        const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
        const found = await seriousProblems(page);
        await page.close();
        assert.deepEqual(problems, []);
        assert.deepEqual(found, []);
        assert.ok(overflow <= 0, `${overflow} pixels wider than the window of ${width}`);
      }
    });
  }

  it("axe would find a defect: words that cannot be read are reported", async () => {
    const { page } = await openPage(browser, fileOf("digits"));
    await page.evaluate("document.querySelector('h1').style.color = '#f4f4f4'");
    const found = await seriousProblems(page);
    await page.close();
    assert.ok(
      found.some((text) => text.startsWith("color-contrast")),
      found.join("; "),
    );
  });

  it("the policy really forbids: a script and a picture that are put in afterwards neither run nor reach a server", async () => {
    let hits = 0;
    const server = createServer((_, response) => {
      hits += 1;
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { page, problems } = await openPage(browser, fileOf("digits"));
    const ran = await page.evaluate<boolean>(`(async () => {
      const script = document.createElement("script");
      script.textContent = "globalThis.planted = true";
      document.body.append(script);
      const image = new Image();
      image.src = "http://127.0.0.1:${port}/planted.png";
      document.body.append(image);
      await new Promise((done) => setTimeout(done, 300));
      return globalThis.planted === true;
    })()`);
    await page.close();
    server.close();
    assert.deepEqual([ran, hits], [false, 0]);
    assert.ok(problems.some((text) => text.includes("Content Security Policy")));
  });

  it("hovering and focusing a point says what it is, and marks it in the other plot too", async () => {
    const { page } = await openPage(browser, fileOf("many"));
    const tip = page.locator("#tip");
    assert.equal(await tip.isVisible(), false);
    const point = page.locator('.scatter .mark[data-row="3"]').first();
    await point.locator(".dot").hover({ force: true });
    assert.match((await tip.textContent()) ?? "", /Q8_0 · pass[\s\S]*drop -?\d[\s\S]*on the front: (yes|no)/);
    assert.equal(await page.locator(".mark.on").count(), 2);
    await page.mouse.move(1, 1);
    assert.equal(await tip.isVisible(), false);
    await point.focus();
    assert.equal(await tip.isVisible(), true);
    await page.keyboard.press("Escape");
    assert.equal(await tip.isVisible(), false);
    await page.close();
  });

  it("filters by verdict and name act on plots, table and cards, and say how many are left", async () => {
    const { page } = await openPage(browser, fileOf("many"));
    const shown = page.locator("#shown");
    assert.equal(await shown.textContent(), "24 variants");
    const visible = (selector: string) => page.locator(`${selector}:visible`).count();
    assert.equal(await visible(".results tbody tr"), 24);
    const points = await visible(".scatter >> nth=0 >> .mark");
    await page.getByLabel("plot rows kept out").check();
    assert.ok((await visible(".scatter >> nth=0 >> .mark")) > points, "what is kept out is drawn when asked for");
    await page.getByLabel("fail", { exact: true }).uncheck();
    const left = await visible(".results tbody tr");
    assert.ok(left > 0 && left < 24);
    assert.equal(await shown.textContent(), `${left} of 24 variants`);
    assert.equal(await visible("article.card"), left);
    await page.getByPlaceholder("name contains").fill("q8");
    assert.equal(await shown.textContent(), "1 of 24 variants");
    assert.equal(await visible(".results tbody tr"), 1);
    await page.close();
  });

  it("cards of a language model say how long the first token takes, and how fast it writes", async () => {
    const { page } = await openPage(browser, fileOf("many"));
    const card = (await page.locator("article.card").nth(3).textContent()) ?? "";
    assert.match(card, /first token\d+(\.\d+)? ms[\s\S]*decode rate\d+(\.\d+)? tokens\/s/);
    await page.close();
    const other = await openPage(browser, fileOf("digits"));
    assert.doesNotMatch((await other.page.locator("article.card").first().textContent()) ?? "", /first token/);
    await other.page.close();
  });

  it("time lines of a watched run are drawn, and the names of lines have the lines' colors", async () => {
    const { page } = await openPage(browser, fileOf("digits"));
    assert.ok(await page.locator("#telemetry").isVisible());
    const names = await page.evaluate<[string, string, string[]][]>(`
      [...document.querySelectorAll(".timelines text[fill]")].map((name) => [
        name.textContent,
        getComputedStyle(name).fill,
        [...document.querySelectorAll(".timelines polyline")]
          .filter((line) => line.querySelector("title").textContent === name.textContent)
          .map((line) => getComputedStyle(line).stroke),
      ])`);
    await page.close();
    assert.ok(names.length >= 4, "one a variant");
    for (const [name, color, lines] of names) {
      assert.ok(lines.length > 0, name);
      assert.deepEqual([...new Set(lines)], [color], name);
    }
  });

  it("columns sort up and down by number, and say so", async () => {
    const { page } = await openPage(browser, fileOf("many"));
    const accuracies = async () =>
      (await page.locator(".results tbody tr td:nth-child(2)").allTextContents()).map(Number);
    await page.getByRole("button", { name: "accuracy" }).click();
    const up = await accuracies();
    assert.deepEqual(
      up,
      [...up].sort((a, b) => a - b),
    );
    assert.equal(await page.locator("th[aria-sort=ascending]").count(), 1);
    await page.getByRole("button", { name: "accuracy" }).click();
    assert.deepEqual(await accuracies(), [...up].reverse());
    await page.close();
  });

  it("without its script it tells the same: every row, verdict and interval; no control that does nothing", async () => {
    const { page, problems } = await openPage(browser, fileOf("many"), { script: false });
    assert.equal(await page.locator(".results tbody tr:visible").count(), 24);
    assert.equal(await page.locator("#filters:visible, #theme:visible, #open-all:visible").count(), 0);
    assert.ok((await page.locator(".scatter .mark title").count()) > 0);
    assert.deepEqual(problems, []);
    await page.close();
  });

  it("the theme button goes from auto to light to dark and back", async () => {
    const { page } = await openPage(browser, fileOf("digits"), { scheme: "dark" });
    const paper = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const dark = await paper();
    await page.locator("#theme").click();
    assert.equal(await paper(), "rgb(255, 255, 255)");
    await page.locator("#theme").click();
    assert.equal(await paper(), dark);
    await page.close();
  });

  it("on paper: white, details open, no controls", async () => {
    const { page } = await openPage(browser, fileOf("digits"), { scheme: "dark" });
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.equal(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    assert.equal(await page.locator("#filters:visible").count(), 0);
    assert.equal(await page.locator("details:not([open])").count(), 0);
    assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
    await page.close();
  });
});
