// Takes the pictures of the README: the notebook in JupyterLab, light and dark. Called by browser.rs with a JSON
// object of settings; ends with "all steps done".
const { chromium } = require("playwright-core");

const settings = JSON.parse(process.argv[2]);
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];

async function main() {
  const context = await chromium.launchPersistentContext(settings.profile, {
    executablePath: settings.chromium, headless: true, args: FLAGS, viewport: { width: 1000, height: 800 },
    deviceScaleFactor: 1.5,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(300_000);
  await page.goto(`${settings.url}/doc/tree/${encodeURIComponent(settings.notebook)}?token=${settings.token}&reset`);
  await page.waitForFunction(() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.isReady && panel.sessionContext.isReady;
  });
  // Cells that ran here are trusted, so that their pictures follow the theme.
  await page.evaluate(() => window.jupyterapp.commands.execute("notebook:run-all-cells"));
  await page.waitForFunction(() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const code = panel.content.widgets.filter((cell) => cell.model.type === "code");
    const ran = code.every((cell) => cell.model.sharedModel.execution_count !== null);
    return ran && panel.sessionContext.session?.kernel?.status === "idle";
  });
  for (const [name, theme] of [["light", "JupyterLab Light"], ["dark", "JupyterLab Dark"]]) {
    await page.evaluate((theme) => window.jupyterapp.commands.execute("apputils:change-theme", { theme }), theme);
    await page.waitForFunction((light) => document.body.dataset.jpThemeLight === light, String(name === "light"));
    await page.waitForFunction(() => document.querySelectorAll(".jp-OutputArea-output svg, .jp-OutputArea-output img").length > 0);
    await page.evaluate(() => document.activeElement?.blur());
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${settings.pictures}/notebook-${name}.png` });
    console.log(`step: ${name}`);
  }
  await context.close();
  console.log("all steps done");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
