// Drives JupyterLab as a user would. Called by browser.rs with a JSON object of settings;
// prints one line per step, and ends with "all steps done".
const { chromium } = require("playwright-core");

const settings = JSON.parse(process.argv[2]);
const PATIENCE = settings.patience ?? 300_000;
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];

let page;

function step(name) {
  console.log(`step: ${name}`);
}

function check(condition, message) {
  if (!condition) throw new Error(message);
}

async function open(notebook) {
  await page.goto(`${settings.url}/lab/tree/${encodeURIComponent(notebook)}?token=${settings.token}&reset`, {
    timeout: PATIENCE,
  });
  await page.waitForFunction(
    (name) => {
      const panel = window.jupyterapp?.shell.currentWidget;
      return panel?.context?.path?.endsWith(name) && panel.context.isReady && panel.sessionContext.isReady;
    },
    notebook,
    { timeout: PATIENCE },
  );
  await page.waitForFunction(
    () => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === "idle",
    undefined,
    { timeout: PATIENCE },
  );
}

function command(name, parameters) {
  return page.evaluate(([name, parameters]) => void window.jupyterapp.commands.execute(name, parameters), [name, parameters]);
}

// What the code cells of the notebook show now.
function cells() {
  return page.evaluate(() => {
    const code = window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === "code");
    return code.map((cell) => ({
      count: cell.model.sharedModel.execution_count,
      state: cell.model.executionState ?? "idle",
      outputs: cell.model.sharedModel.outputs,
    }));
  });
}

async function settled() {
  await page.waitForFunction(
    () => {
      const panel = window.jupyterapp.shell.currentWidget;
      const code = panel.content.widgets.filter((cell) => cell.model.type === "code" && cell.model.sharedModel.source.trim());
      const ran = code.every((cell) => cell.model.sharedModel.execution_count !== null);
      const waiting = document.querySelectorAll(".jp-Notebook .jp-InputPrompt");
      const star = [...waiting].some((prompt) => prompt.textContent.includes("*"));
      return ran && !star && panel.sessionContext.session?.kernel?.status === "idle";
    },
    undefined,
    { timeout: PATIENCE, polling: 200 },
  );
}

// Adds a cell with this code at the end and makes it the active one.
async function add(code) {
  await page.evaluate(async (code) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.length - 1;
    await window.jupyterapp.commands.execute("notebook:insert-cell-below");
    await window.jupyterapp.commands.execute("notebook:enter-edit-mode");
    const cell = notebook.activeCell;
    cell.model.sharedModel.setSource(code);
    const lines = code.split("\n");
    cell.editor?.setCursorPosition({ line: lines.length - 1, column: lines[lines.length - 1].length });
  }, code);
}

async function run(code) {
  await add(code);
  await command("notebook:run-cell");
  await settled();
  const all = await cells();
  return all[all.length - 1];
}

function texts(cell) {
  return cell.outputs.map((output) => JSON.stringify(output)).join("\n");
}

async function picture(name) {
  await page.waitForTimeout(1000);
  await page.screenshot({ path: `${settings.pictures}/${name}.png`, fullPage: false });
}

async function theme(name) {
  await command("apputils:change-theme", { theme: name });
  const light = name.includes("Light") ? "true" : "false";
  // The body itself has no size: it is there, never "visible".
  await page.waitForSelector(`body[data-jp-theme-light="${light}"]`, { state: "attached", timeout: PATIENCE });
}

// Pictures of an output in both themes.
async function pictures(name, shown) {
  for (const mode of ["Light", "Dark"]) {
    await theme(`JupyterLab ${mode}`);
    await shown.waitFor({ state: "visible", timeout: PATIENCE });
    await shown.scrollIntoViewIfNeeded({ timeout: PATIENCE });
    await picture(`${name}-${mode.toLowerCase()}`);
  }
  await theme("JupyterLab Light");
}

async function tutorial() {
  await open(settings.tutorial);
  step("the tutorial is open");
  await command("notebook:run-all-cells");
  await settled();
  const ran = await cells();
  const errors = ran.flatMap((cell) => cell.outputs).filter((output) => output.output_type === "error");
  check(errors.length === 0, `errors in the tutorial: ${JSON.stringify(errors)}`);
  step(`${ran.length} cells ran`);
  const kinds = ran.flatMap((cell) => cell.outputs).flatMap((output) => Object.keys(output.data ?? {}));
  check(kinds.includes("image/svg+xml"), "no SVG in the tutorial");
  await show("plot", (output) => output.data?.["image/svg+xml"], "svg, img");
  await show("table", (output) => String(output.data?.["text/html"] ?? "").includes("<table"), "table");
}

// Brings the first cell with such an output into view (others are not rendered) and takes its pictures.
async function show(name, wanted, selector) {
  const all = await cells();
  const index = all.findIndex((cell) => cell.outputs.some((output) => wanted(output)));
  check(index >= 0, `no ${name} in the tutorial`);
  await page.evaluate((index) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const code = notebook.widgets.filter((cell) => cell.model.type === "code");
    notebook.activeCellIndex = notebook.widgets.indexOf(code[index]);
    return notebook.scrollToItem(notebook.activeCellIndex, "start");
  }, index);
  const output = page.locator(".jp-Notebook .jp-OutputArea-output").locator(selector);
  // A plot has a drawing for each theme, of which the theme shows one.
  const shown = output.filter({ visible: true }).first();
  await shown.waitFor({ state: "visible", timeout: PATIENCE });
  await pictures(name, shown);
  step(`a ${name} is seen, light and dark`);
}

async function session() {
  await open(settings.scratch);
  step("an empty notebook is open");
  const made = await run(settings.load);
  check(!texts(made).includes('"error"'), texts(made));
  await run("let survivor = 41;");
  step("data are loaded");
  await add("let mut n = 0_u64;\nloop { n = n.wrapping_add(1); if n == u64::MAX { break } }");
  await command("notebook:run-cell");
  await page.waitForFunction(
    () => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === "busy",
    undefined,
    { timeout: PATIENCE },
  );
  // It is compiled first; the interrupt is for the loop.
  await page.waitForTimeout(5000);
  await complete();
  await command("notebook:interrupt-kernel");
  await settled();
  const all = await cells();
  const stopped = all.find((cell) => texts(cell).includes('"error"'));
  check(stopped && texts(stopped).includes("Interrupted"), `not interrupted: ${JSON.stringify(all)}`);
  const after = await run("survivor + 1");
  check(texts(after).includes("42"), `the variable is lost: ${texts(after)}`);
  step("a running cell was interrupted, its variables are there");
  await picture("interrupted");
}

// A widget of the worker: moved here, heard there.
async function widget() {
  await run('let cut = slider("pRecoil", 0.0..=6.0);');
  const made = await run('cut.on_change("value", |value| println!("heard {value}"));\ncut.clone()');
  check(texts(made).includes("widget-view+json"), `no widget: ${texts(made)}`);
  const range = page.locator(".jp-OutputArea-output input[type=range]");
  await range.waitFor({ state: "visible", timeout: PATIENCE });
  await range.fill("3");
  await page.waitForFunction(
    () => document.querySelector(".jp-Notebook").innerText.includes("heard 3"), undefined, { timeout: PATIENCE },
  );
  await pictures("widget", range);
  const value = await run("cut.value()");
  check(texts(value).includes("3.0"), `not moved: ${texts(value)}`);
  await run('cut.set("value", 1.5)?;');
  await page.waitForFunction(() => document.querySelector("output")?.textContent === "1.500", undefined, {
    timeout: PATIENCE,
  });
  step("a slider is moved by the user and by a cell");
}

// While a cell runs: the names of columns inside a string.
async function complete() {
  await add(settings.completeCode);
  await command("completer:invoke-notebook");
  const popup = page.locator(".jp-Completer");
  await popup.waitFor({ state: "visible", timeout: PATIENCE });
  const offered = await popup.innerText();
  check(offered.includes(settings.completeName), `not offered: ${settings.completeName} in ${offered}`);
  await picture("completion");
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(""));
  step("a column is completed while a cell runs");
}

async function main() {
  const browser = await chromium.launchPersistentContext(settings.profile, {
    executablePath: settings.chromium, headless: true, args: FLAGS, viewport: { width: 1280, height: 1000 },
  });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  try {
    await tutorial();
    await session();
    await widget();
    console.log("all steps done");
  } catch (problem) {
    await page.screenshot({ path: `${settings.pictures}/failure.png` }).catch(() => {});
    throw problem;
  } finally {
    await browser.close();
  }
}

main().catch((problem) => {
  console.error(problem.stack ?? problem);
  process.exit(1);
});
