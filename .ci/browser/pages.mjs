// Reads the daemon's pages in a browser as people do, and says what is not as it should be.
//   node pages.mjs ORIGIN CHROMIUM

import axe from "axe-core";
import puppeteer from "puppeteer-core";

const [origin, executablePath] = process.argv.slice(2);
const screenshots = process.env.SCREENSHOTS;

const TITLE = "Forces ready for Christmas drink and drug drive campaign";
// Would run, were it taken for markup, and has no room on a phone in one line.
const HOSTILE = `<script>ran=1</script><img src=x onerror=ran=2>"><svg onload=ran=3>` +
  `https://a.example/${"long".repeat(20)}`;
const LONG = "nobodywritesthis".repeat(8);
// So deep that a relative link which was counted from elsewhere would miss.
const MISSING = `/topics/no-such/${LONG}`;

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true };
// The narrowest that WCAG asks for (1.4.10).
const NARROW = { ...PHONE, width: 320 };

const faults = new Set();
let place = "";
function hold(is, otherwise) {
  const fault = `${place}: ${otherwise}`;
  if (is || faults.has(fault)) return;
  faults.add(fault);
  console.error(fault);
}
function same(what, is, wanted) {
  hold(Object.is(is, wanted), `${what}: ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
}

// What comes after is tried even where this fails.
async function attempt(where, steps) {
  place = where;
  try {
    await steps();
  } catch (error) {
    hold(false, error.stack);
  }
}
async function prove(what, steps) {
  const before = faults.size;
  await attempt(what, steps);
  if (faults.size === before) console.log(what);
}

const browser = await puppeteer.launch({
  executablePath,
  // Its sandbox refuses root, who runs the checks in a container.
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});

// A tab that tells what goes wrong behind what is seen.
async function tab(view = DESKTOP, scheme = "light") {
  const page = await browser.newPage();
  // Else what is answered would depend on how long the check takes.
  await page.setCacheEnabled(false);
  await page.setViewport(view);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  page.on("request", (request) => hold(request.url().startsWith(`${origin}/`), `asks for ${request.url()}`));
  page.on("requestfailed", (request) => hold(false, `${request.url()} fails: ${request.failure()?.errorText}`));
  page.on("response", (response) =>
    hold(response.ok() || response.url() === origin + MISSING, `${response.url()} is answered ${response.status()}`));
  page.on("pageerror", (error) => hold(false, `a script throws: ${error.message}`));
  page.on("console", (message) => {
    // The console says so of every page that is missing.
    if (message.location().url === origin + MISSING && message.text().includes("404")) return;
    hold(false, `the console says: ${message.text()}`);
  });
  return page;
}

// What of these can be seen, as text.
const seen = (page, selector) =>
  page.$$eval(selector, (found) =>
    found.filter((one) => one.checkVisibility()).map((one) => (one.innerText ?? one.textContent).trim()));
const count = async (page, selector) => (await seen(page, selector)).length;
const text = async (page) => (await seen(page, "main")).join();
const value = (page, selector) => page.$eval(selector, (field) => field.value);
const focused = (page, what) => page.evaluate(`document.activeElement${what}`);
const ran = (page) => page.evaluate("typeof ran");
const titles = ".list h3 a";
const copiers = "[data-copy], [data-copy-text]";

// The addresses of the releases, by their titles.
const addresses = new Map();
await attempt("/all", async () => {
  const page = await tab();
  await open(page, "/all");
  for (const link of await page.$$eval(titles, (links) => links.map((link) => [link.innerText, link.pathname]))) {
    addresses.set(...link);
  }
  for (const title of [TITLE, `Hostile ${HOSTILE} title`]) hold(addresses.has(title), `it does not list ${title}`);
  await page.close();
});

// Each page: its address, its heading, and what else it shows.
const PAGES = {
  index: ["/", "National Police Chiefs' Council, by topic", async (page) => {
    same("topics", await count(page, ".topics > li h3 a"), 31);
    same("the newest", (await seen(page, titles))[0], TITLE);
    const cards = await seen(page, ".topics > li");
    const roads = cards.find((card) => card.startsWith("Roads policing"));
    hold(/\n3 releases\b/.test(roads), `the card on roads policing says: ${roads}`);
  }],
  all: ["/all", "All releases", async (page) => {
    same("releases", await count(page, titles), 46);
    same("charts", await count(page, "figure svg"), 1);
  }],
  topic: ["/topics/roads-policing", "Roads policing", async (page) => {
    same("the newest", (await seen(page, titles))[0], TITLE);
    same("releases", await count(page, titles), 3);
  }],
  release: [addresses.get(TITLE), TITLE, async (page) => {
    hold((await text(page)).includes("Nobody plans to kill on the way home."), "the text is not there");
    same("topics", (await seen(page, ".why > li > a")).join(), "Roads policing");
    same("taken out", (await seen(page, ".difference del")).join(), "52,114");
    same("put in", (await seen(page, ".difference ins")).join(), "and drug,52,411");
  }],
  hostile: [addresses.get(`Hostile ${HOSTILE} title`), `Hostile ${HOSTILE} title`, async (page) => {
    hold((await page.title()).startsWith(`Hostile ${HOSTILE} title`), "the title is another");
    hold((await text(page)).includes(`Hostile ${HOSTILE} text`), "the text is another");
    same("elements from text", (await page.$$("main script, main img, main svg, head svg, head img")).length, 0);
  }],
  search: ["/search?q=police", "Search", async (page) => {
    same("said", (await seen(page, "[role=status]")).join(), "22 releases have all the words of “police”.");
    same("releases", await count(page, titles), 22);
    same("the field", await value(page, "#q"), "police");
  }],
  "hostile search": [`/search?q=${encodeURIComponent(HOSTILE)}`, "Search", async (page) => {
    same("said", (await seen(page, "[role=status]")).join(), `1 release has all the words of “${HOSTILE}”.`);
    same("found", (await seen(page, titles)).join(), `Hostile ${HOSTILE} title`);
    same("the field", await value(page, "#q"), HOSTILE);
  }],
  "vain search": [`/search?q=${LONG}`, "Search", async (page) => {
    hold((await text(page)).includes("Nothing. Try fewer words"), "it does not say that there is nothing");
  }],
  "empty search": ["/search", "Search", async (page) => {
    same("lists", await count(page, ".list"), 0);
    hold((await text(page)).includes("A star at the end of a word"), "it does not say how to search");
  }],
  status: ["/status", "Status", async (page) => {
    hold((await text(page)).includes("All is well."), "it does not say that all is well");
    same("releases", (await seen(page, "[aria-labelledby=program] dd"))[0], "46");
  }],
  missing: [MISSING, "Not found", async (page) => {
    hold((await text(page)).includes(`There is nothing at ${MISSING}`), "it does not say what is missing");
  }],
};

const PICTURES = ["index", "topic", "release", "search", "status"];

async function open(page, path) {
  const response = await page.goto(origin + path);
  same("status", response.status(), path === MISSING ? 404 : 200);
  const policy = (response.headers()["content-security-policy"] ?? "").split("; ");
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"]) {
    hold(policy.includes(part), `its Content-Security-Policy lacks ${part}`);
  }
}

async function shows(page, name) {
  const [path, heading, rest] = PAGES[name];
  await open(page, path);
  same("headings", (await seen(page, "h1")).join(), heading);
  await rest(page);
  same("what a release ran", await ran(page), "undefined");
}

// By all rules of axe, those too that it leaves out by default, with everything opened that opens.
async function shutsNobodyOut(page) {
  await page.$$eval("details", (found) => found.forEach((one) => (one.open = true)));
  // The page's policy would not let a script element run; what the browser is told to run, it does not bind.
  await page.evaluate(`${axe.source};0`);
  const violations = await page.evaluate(async () => {
    const rules = Object.fromEntries(axe.getRules().map(({ ruleId }) => [ruleId, { enabled: true }]));
    return (await axe.run({ rules })).violations.map(({ id, nodes }) =>
      `${id} (${nodes.length}): ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary.replace(/\s+/g, " ")}`);
  });
  for (const violation of violations) hold(false, `axe finds ${violation}`);
}

async function fits(page, width) {
  // innerWidth would not do: a phone's browser zooms out until all is in sight.
  const needed = await page.evaluate("document.documentElement.scrollWidth");
  hold(needed <= width, `it scrolls sideways: ${needed} pixels at a width of ${width}`);
}

for (const [device, view] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  for (const scheme of ["light", "dark"]) {
    const page = await tab(view, scheme);
    const every = `${Object.keys(PAGES).length} pages show what they should and shut nobody out: ${device}, ${scheme}`;
    await prove(every, async () => {
      for (const name of Object.keys(PAGES)) await attempt(`${name} (${device}, ${scheme})`, async () => {
        await shows(page, name);
        const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        same("a dark background", background.match(/\d+/)[0] < 128, scheme === "dark");
        if (screenshots && scheme === "light" && PICTURES.includes(name)) {
          await page.screenshot({ path: `${screenshots}/${name}-${device}.png` });
        }
        await shutsNobodyOut(page);
        await fits(page, view.width);
        if (view === PHONE) {
          await page.setViewport(NARROW);
          await fits(page, NARROW.width);
          await page.setViewport(view);
        }
      });
    });
    await page.close();
  }
}

await prove("the keyboard comes to the skip link first, then home, and opens a topic's evidence", async () => {
  const page = await tab();
  await open(page, PAGES.release[0]);
  const stops = [];
  for (;;) {
    await page.keyboard.press("Tab");
    if (await focused(page, " === document.body") || stops.length === 100) break;
    stops.push(await focused(page, ".innerText"));
    const { outline, left, right } = await page.evaluate(() => {
      const { left, right } = document.activeElement.getBoundingClientRect();
      return { outline: getComputedStyle(document.activeElement).outlineStyle, left, right };
    });
    hold(outline === "solid" && left >= 0 && right <= DESKTOP.width, `focus on ${stops.at(-1)} cannot be seen`);
    if (await focused(page, ".matches('summary')")) {
      same("evidence before", await count(page, ".why table"), 0);
      await page.keyboard.press("Enter");
      const evidence = (await seen(page, ".why tbody tr")).map((row) => row.split(/\t|\n/));
      const breath = evidence.find(([phrase]) => phrase === "breath test*");
      const is = breath?.[1] === "body" && breath[3].startsWith("Last year 52,411");
      hold(is, `the evidence: ${JSON.stringify(evidence)}`);
    }
  }
  same("first", stops[0], "Skip to the content");
  hold(stops[1]?.startsWith("National Police Chiefs' Council"), `second: ${stops[1]}`);
  same("stops", stops.length, await count(page, "a, button, input, summary"));

  await open(page, PAGES.index[0]);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  hold(await focused(page, ".closest('main') !== null"), "skipping does not skip");
  await page.close();
});

await prove("buttons copy a feed's address, and say so while it is new", async () => {
  const clipboard = ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"];
  await browser.defaultBrowserContext().overridePermissions(origin, clipboard);
  const page = await tab();
  await open(page, PAGES.index[0]);
  same("buttons", await count(page, copiers), 32);
  const buttons = { "[data-copy]": "all", "[data-copy-text*=roads-policing]": "topics/roads-policing" };
  for (const [button, feed] of Object.entries(buttons)) {
    const said = await seen(page, button);
    await page.click(button);
    await page.waitForFunction((button) => document.querySelector(button).innerText.includes("Copied"), {}, button);
    same("copied", await page.evaluate("navigator.clipboard.readText()"), `${origin}/${feed}.rss`);
    // Again while it says so, and then long enough for both to be over.
    await page.click(button);
    await new Promise((then) => setTimeout(then, 3500));
    same("said in the end", (await seen(page, button)).join(), said.join());
  }
  await page.close();
});

await prove("without scripts, the pages show the same, no button that would do nothing, and search", async () => {
  const page = await tab(PHONE);
  await page.setJavaScriptEnabled(false);
  for (const name of Object.keys(PAGES)) await attempt(`${name} (without scripts)`, async () => {
    await shows(page, name);
    same("buttons", await count(page, copiers), 0);
  });
  await attempt("searching (without scripts)", async () => {
    await open(page, PAGES.status[0]);
    await page.type("#q", "52,411");
    await Promise.all([page.waitForNavigation(), page.click(".find button")]);
    same("found", (await seen(page, titles)).join(), TITLE);
  });
  await page.close();
});

await prove("the topics that are picked come as a list", async () => {
  const page = await tab();
  await open(page, PAGES.index[0]);
  for (const topic of ["hate-crime", "roads-policing"]) await page.click(`[name=topic][value=${topic}]`);
  // Not to be shown, but to be downloaded: no page comes of it.
  page.removeAllListeners("requestfailed");
  const [request] = await Promise.all([
    page.waitForRequest((request) => request.url().includes(".opml")),
    page.click(".opml button"),
  ]);
  const answer = await fetch(request.url());
  const feeds = (await answer.text()).match(/topics\/[a-z-]+\.rss/g);
  same("feeds", feeds?.join(), "topics/hate-crime.rss,topics/roads-policing.rss");
  const disposition = answer.headers.get("content-disposition") ?? "";
  hold(disposition.startsWith("attachment"), "a browser shows it instead of downloading it");
  await page.close();
});

await prove("on paper there is the text, and nothing to click", async () => {
  const page = await tab();
  await page.emulateMediaType("print");
  for (const name of ["index", "topic", "release", "search"]) {
    await shows(page, name);
    same(`controls of ${name}`, await count(page, ".skip, nav, [role=search], .subscribe, button, input"), 0);
  }
  await page.close();
});

await prove("the policy lets no inline script run and no other host's image load", async () => {
  const page = await browser.newPage();
  await page.goto(origin);
  const refused = await page.evaluate(async () => {
    const refused = [];
    document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "ran = 1";
    document.body.append(script);
    const images = `<img src="/icon.png?again" onload="ran = 2"><img src="http://127.0.0.1:1/">`;
    document.body.insertAdjacentHTML("beforeend", images);
    await Promise.allSettled([...document.images].map((image) => image.decode()));
    await new Promise((then) => setTimeout(then, 100));
    return refused;
  });
  same("refused", refused.sort().join(), "img-src,script-src-attr,script-src-elem");
  same("what ran", await ran(page), "undefined");
  await page.close();
});

await browser.close();
process.exitCode = faults.size === 0 ? 0 : 1;
