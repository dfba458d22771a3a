// Looks at a notebook whose outputs are every display there is, as JupyterLab shows it: light and dark, trusted and not.
// Takes a picture of each, and checks that text can be read (contrast of 4.5 at least) and that pictures are there.
const { chromium } = require("playwright-core");

const settings = JSON.parse(process.argv[2]);
const PATIENCE = settings.patience ?? 120_000;
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];

// In the page: what is wrong with the output of a cell.
function faults(output) {
  const wrong = [];
  const channels = (color) => {
    const numbers = color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
  };
  const over = (front, back) => front.rgb.map((value, at) => value * front.alpha + back[at] * (1 - front.alpha));
  const background = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = channels(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reverse().reduce((back, layer) => over(layer, back), [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  let words = 0;
  for (const element of output.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || box.width === 0 || box.height === 0 || ["STYLE", "SCRIPT"].includes(element.tagName)) continue;
    words += 1;
    const style = getComputedStyle(element);
    const back = background(element);
    const color = element instanceof SVGElement ? channels(style.fill) : channels(style.color);
    const opacity = { rgb: color.rgb, alpha: color.alpha * Number(style.opacity) };
    const ratio = contrast(over(opacity, back), back);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)} of "${element.textContent.trim().slice(0, 40)}" (${style.color} on ${back})`);
  }
  const images = [...output.querySelectorAll("img")].filter((image) => image.getBoundingClientRect().width > 0);
  for (const image of images) {
    if (!image.complete || image.naturalWidth === 0) wrong.push(`an image is broken: ${image.alt}`);
  }
  const pictures = images.length + output.querySelectorAll("svg, canvas").length;
  return { wrong, words, pictures, images: images.length, html: output.innerHTML.slice(0, 300) };
}

async function main() {
  const browser = await chromium.launchPersistentContext(settings.profile, {
    executablePath: settings.chromium, headless: true, args: FLAGS, viewport: { width: 1200, height: 1000 },
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  try {
    for (const trust of ["trusted", "untrusted"]) {
      await page.goto(`${settings.url}/lab/tree/${trust}.ipynb?token=${settings.token}&reset`);
      await page.waitForFunction(() => {
        const panel = window.jupyterapp?.shell.currentWidget;
        return panel?.context?.isReady && panel.content?.widgets?.length > 0;
      });
      const isTrusted = await page.evaluate(() => window.jupyterapp.shell.currentWidget.content.widgets.every((cell) => cell.model.type !== "code" || cell.model.trusted));
      if (isTrusted !== (trust === "trusted")) throw new Error(`the ${trust} notebook is not ${trust}`);
      for (const mode of ["Light", "Dark"]) {
        await page.evaluate((theme) => void window.jupyterapp.commands.execute("apputils:change-theme", { theme }), `JupyterLab ${mode}`);
        await page.waitForSelector(`body[data-jp-theme-light="${mode === "Light"}"]`, { state: "attached" });
        await page.waitForTimeout(500);
        for (const [at, display] of settings.displays.entries()) {
          await page.evaluate(async (at) => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = at;
            await notebook.scrollToItem(at, "start");
          }, at);
          const cell = page.locator(`.jp-Notebook .jp-Cell[data-windowed-list-index="${at}"]`);
          const output = cell.locator(".jp-OutputArea-output").first();
          await output.waitFor({ state: "visible" });
          if (display.picture) await output.locator("img, svg, canvas").filter({ visible: true }).first().waitFor({ state: "visible" });
          await page.waitForTimeout(80);
          const seen = await output.evaluate(faults);
          if (display.picture && seen.pictures === 0) seen.wrong.push(`no picture in ${seen.html}`);
          if (seen.images > 1) seen.wrong.push(`${seen.images} pictures instead of one`);
          if (seen.words + seen.pictures === 0) seen.wrong.push(`nothing is shown in ${seen.html}`);
          const name = `${display.name}-${mode.toLowerCase()}-${trust}`;
          seen.wrong.forEach((fault) => wrong.push(`${name}: ${fault}`));
          await output.screenshot({ path: `${settings.pictures}/${name}.png` });
        }
      }
    }
    for (const file of settings.pages) {
      const sheet = await browser.newPage();
      await sheet.goto(`file://${file.html}`);
      await sheet.emulateMedia({ media: "print" });
      const broken = await sheet.evaluate(() => [...document.images].filter((image) => image.getBoundingClientRect().width > 0 && image.naturalWidth === 0).length);
      const shown = await sheet.evaluate(() => [...document.querySelectorAll(".jp-OutputArea-output")].filter((output) => [...output.querySelectorAll("img, svg")].some((picture) => picture.getBoundingClientRect().width > 100)).length);
      if (broken > 0 || shown < file.pictures) wrong.push(`${file.html}: ${shown} of ${file.pictures} pictures, ${broken} broken`);
      await sheet.pdf({ path: file.pdf, printBackground: true });
      await sheet.close();
    }
    if (wrong.length > 0) throw new Error(`${wrong.length} faults:\n${wrong.slice(0, 40).join("\n")}`);
    console.log(`${settings.displays.length} displays, four times each; all steps done`);
  } finally {
    await browser.close();
  }
}

main().catch((problem) => {
  console.error(problem.stack ?? problem);
  process.exit(1);
});
