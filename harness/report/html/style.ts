/** The page's one style sheet. Colors are variables, so that light, dark and paper differ in nothing else. */
export const STYLE = `
:root{color-scheme:light;--bg:#fff;--panel:#f5f7f9;--ink:#161a20;--dim:#57606c;--line:#dde2e8;--grid:#e7ebef;
--pass:#0b7a4b;--pass-bg:#e5f5ec;--fail:#b3261e;--fail-bg:#fdeceb;--open:#855400;--open-bg:#fcf2dd;--ref:#48525e;--accent:#1d54c4;--accent-bg:#e9f0fe;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--bg:#0f1317;--panel:#171c22;--ink:#e7ebf0;--dim:#9aa5b3;--line:#2b333d;--grid:#222931;
--pass:#55cb92;--pass-bg:#11281d;--fail:#ff8f86;--fail-bg:#331817;--open:#f0b954;--open-bg:#2d220e;--ref:#aab4c0;--accent:#86b0ff;--accent-bg:#152441;--bad:#ff8f86}}
:root[data-theme=dark]{color-scheme:dark;--bg:#0f1317;--panel:#171c22;--ink:#e7ebf0;--dim:#9aa5b3;--line:#2b333d;--grid:#222931;
--pass:#55cb92;--pass-bg:#11281d;--fail:#ff8f86;--fail-bg:#331817;--open:#f0b954;--open-bg:#2d220e;--ref:#aab4c0;--accent:#86b0ff;--accent-bg:#152441;--bad:#ff8f86}
*{box-sizing:border-box}[hidden]{display:none!important}html{scroll-padding-top:72px}
body{margin:0 auto;max-width:1180px;padding:28px 24px 64px;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:28px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin:0 0 12px;letter-spacing:-.005em}
h3{font-size:16px;margin:0;overflow-wrap:anywhere}
section{margin-top:40px}
p{margin:0 0 8px}
a{color:var(--accent)}
code{font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.long{overflow-wrap:anywhere;word-break:break-word}
.dim{color:var(--dim)}.small{font-size:13px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.off{display:none!important}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:8px;background:var(--bg);padding:8px}
.top{display:flex;justify-content:space-between;gap:16px;align-items:flex-start}
.brand{font-weight:600;letter-spacing:.02em;color:var(--accent);margin:0 0 2px}
.plain,.sort{font:inherit;color:inherit;background:none;border:0;cursor:pointer}
.plain{border:1px solid var(--line);border-radius:8px;padding:5px 11px;font-size:13px;white-space:nowrap;color:var(--dim)}
.plain:hover{color:var(--ink);border-color:var(--dim)}
.chip{display:inline-block;font-size:12px;line-height:18px;padding:0 8px;border-radius:9px;border:1px solid var(--line);color:var(--dim);margin:0 4px 2px 0;white-space:nowrap;font-weight:500}
.chip.mark{color:var(--accent);background:var(--accent-bg);border-color:transparent}
.chip.fail{color:var(--fail);background:var(--fail-bg);border-color:transparent}
.chip.inconclusive{color:var(--open);background:var(--open-bg);border-color:transparent}
.chip.simulated{background:var(--open-bg);color:var(--open);border-color:transparent;vertical-align:middle;font-weight:700}
.badge{display:inline-block;font-size:13px;font-weight:650;line-height:20px;padding:0 9px;border-radius:10px;margin-right:6px;white-space:nowrap}
.badge.pass{color:var(--pass);background:var(--pass-bg)}.badge.fail{color:var(--fail);background:var(--fail-bg)}
.badge.inconclusive{color:var(--open);background:var(--open-bg)}.badge.reference{color:var(--ref);background:var(--panel)}
.banner{border-radius:14px;padding:22px 26px 16px;margin-top:24px;background:var(--panel);border-left:6px solid var(--ref)}
.banner.pass{background:var(--pass-bg);border-color:var(--pass)}.banner.fail{background:var(--fail-bg);border-color:var(--fail)}.banner.inconclusive{background:var(--open-bg);border-color:var(--open)}
.banner h2{font-size:22px;margin:2px 0 12px;overflow-wrap:anywhere}
.stamp{font-weight:750;letter-spacing:.06em;font-size:13px;margin:0}
.banner.pass .stamp{color:var(--pass)}.banner.fail .stamp{color:var(--fail)}.banner.inconclusive .stamp{color:var(--open)}
.banner .dim{color:inherit;opacity:.82}
.tiles{display:flex;flex-wrap:wrap;gap:12px 44px;margin:4px 0 14px}
.tiles dt{font-size:13px}.tiles dd{margin:0;font-size:30px;font-weight:650;letter-spacing:-.02em;line-height:1.2}
.tiles span{display:block;font-size:13px;font-weight:400;letter-spacing:0;line-height:1.5}
.said{margin:0 0 10px;padding-left:18px}.said li{margin:2px 0;overflow-wrap:anywhere}
.strip{list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(172px,1fr));gap:10px;margin:0;padding:0}
.strip li{display:flex;gap:10px;background:var(--panel);border-radius:10px;padding:11px 13px;min-width:0}
.strip li.inconclusive{background:var(--open-bg)}.strip li.fail{background:var(--fail-bg)}
.strip strong{font-size:13px}.strip p{margin:0;overflow-wrap:anywhere}.strip .dim{color:var(--dim)}
.strip .inconclusive .dim,.strip .fail .dim{color:var(--ink)}
.mark-sign{font-weight:750;width:14px;flex:none}.mark-sign.pass{color:var(--pass)}.mark-sign.fail{color:var(--fail)}.mark-sign.inconclusive{color:var(--open)}
.filters{display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center;margin-top:32px;padding:10px 14px;border:1px solid var(--line);border-radius:10px;font-size:14px;position:sticky;top:0;background:var(--bg);z-index:2}
.filters fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:6px 14px}
.filters legend{float:left;margin-right:14px;color:var(--dim)}
.filters label{display:inline-flex;gap:6px;align-items:center;min-height:24px}
.filters input[type=checkbox]{width:16px;height:16px;margin:0;accent-color:var(--accent)}
.filters input[type=search]{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--dim);border-radius:7px;padding:3px 9px;width:190px}
.filters output{color:var(--dim);margin-left:auto}

.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:18px 22px;min-width:0}
.choices{margin:0 0 18px;display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:10px}.choices>div{background:var(--panel);border-radius:10px;padding:11px 14px;min-width:0}.choices>div:first-child{background:var(--accent-bg)}.choices>div:first-child span{color:var(--ink)}
.choices dt{font-size:13px;color:var(--dim)}.choices dd{margin:0;overflow-wrap:anywhere}.choices strong{font-size:18px;display:block}.choices span{font-size:13px;color:var(--dim);display:block;line-height:1.4}
figure{margin:0;min-width:0}figcaption{font-size:13px;color:var(--dim);margin-bottom:4px}
svg{display:block;max-width:100%;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;font-variant-numeric:tabular-nums}:where(svg text:not([fill])){fill:var(--dim)}
.blocks text{font-size:11px}svg .axis{font-size:12.5px}svg .name{fill:var(--ink);font-weight:550;paint-order:stroke;stroke:var(--bg);stroke-width:3.5px;stroke-linejoin:round}
.scatter{width:100%;overflow:visible}
.grid{stroke:var(--grid);stroke-width:1}.neutral{stroke:var(--dim);stroke-width:1;stroke-opacity:.55}
.margin{stroke:var(--bad);stroke-width:1.3;stroke-dasharray:4 3}.bad{fill:var(--bad);fill-opacity:.09}
.track{fill:var(--panel)}.card .track{fill:var(--bg)}
.hit{fill:transparent}.error{stroke-width:1.4;stroke-opacity:.5}
.mark.pass{--c:var(--pass)}.mark.fail{--c:var(--fail)}.mark.inconclusive{--c:var(--open)}.mark.reference{--c:var(--ref)}
.mark .dot{fill:var(--c);stroke:var(--bg);stroke-width:1.2}.mark .error{stroke:var(--c)}.mark .ring{fill:none;stroke:var(--c);stroke-width:1.6;stroke-opacity:.75}.mark .out{fill:var(--c)}
.mark.kept-out .dot{fill:var(--bg);stroke:var(--c);stroke-width:1.6;stroke-dasharray:2.5 1.5}.mark.kept-out{opacity:.85}
.mark.reference .dot{fill:var(--bg);stroke:var(--ref);stroke-width:2}.mark.chosen .dot{stroke:var(--ink);stroke-width:2}.mark.chosen .name{font-weight:750}
.scatter .mark{cursor:pointer;outline:none}.mark:hover .hit,.mark:focus .hit,.mark.on .hit{fill:var(--c);fill-opacity:.16}.mark:focus-visible .hit{stroke:var(--accent);stroke-width:2}
.plots{margin-bottom:10px}.banner details{border:0;margin:0 0 8px;padding:0}.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:10px 0 0;font-size:13px;color:var(--dim)}.legend li{display:flex;gap:6px;align-items:center}
#tip{position:fixed;z-index:9;max-width:340px;background:var(--ink);color:var(--bg);border-radius:8px;padding:9px 12px;font-size:13px;line-height:1.45;white-space:pre-line;pointer-events:none;overflow-wrap:anywhere;box-shadow:0 6px 24px rgb(0 0 0/.22)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
tbody th{font-weight:600;overflow-wrap:anywhere}thead th{color:var(--dim);font-size:13px;border-color:var(--dim);white-space:nowrap}
.num{text-align:right;padding-right:14px}
.results td,.results th{white-space:nowrap;vertical-align:middle}
.sort{padding:2px 0;font-size:13px}.sort:hover{color:var(--ink)}.sort::after{content:" ↕";opacity:.45}th[aria-sort=ascending] .sort::after{content:" ↑";opacity:1}th[aria-sort=descending] .sort::after{content:" ↓";opacity:1}
.with-bar{display:flex;gap:12px;align-items:center}.with-bar span{min-width:136px}.bar{flex:none}
.interval{stroke-width:5;stroke-linecap:round;stroke-opacity:.42}.interval.pass,.whisker.pass{stroke:var(--pass)}.interval.fail,.whisker.fail{stroke:var(--fail)}.interval.inconclusive,.whisker.inconclusive{stroke:var(--open)}.interval.reference,.whisker.reference{stroke:var(--ref)}
.point.pass{fill:var(--pass)}.point.fail{fill:var(--fail)}.point.inconclusive{fill:var(--open)}.point.reference{fill:var(--ref)}
.bar-head{display:flex;justify-content:space-between;align-items:baseline;gap:12px}
.cards{display:grid;align-items:start;grid-template-columns:repeat(auto-fill,minmax(min(420px,100%),1fr));gap:16px}
.card{background:var(--panel);border-radius:12px;padding:16px 18px 12px;border-top:3px solid var(--ref);min-width:0}
.card.pass{border-color:var(--pass)}.card.fail{border-color:var(--fail)}.card.inconclusive{border-color:var(--open)}
.card header p{margin:5px 0 8px}.card figure{margin:12px 0 0}.card .bar{width:100%}.card .badge.reference{background:var(--bg)}
.ends{display:flex;justify-content:space-between;font-size:12px;color:var(--dim);margin:1px 0 0}
.why{margin:0 0 8px;padding-left:18px;font-size:13px;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:7px 14px;margin:0}
.facts dt{font-size:12.5px;color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}
.whisker{stroke-width:1.4;stroke-opacity:.7}.box{stroke:none;fill-opacity:.38}.box.pass{fill:var(--pass)}.box.fail{fill:var(--fail)}.box.inconclusive{fill:var(--open)}.box.reference{fill:var(--ref)}
.median{stroke:var(--ink);stroke-width:1.8}.base{stroke:var(--dim);stroke-width:1.4;stroke-dasharray:3 2}
.kernels{width:100%}.kernels .native{fill:var(--pass)}.kernels .emulated{fill:var(--open)}.kernels .skipped{fill:var(--dim);fill-opacity:.5}
details{border-top:1px solid var(--line);margin-top:11px;padding-top:8px}details+details{margin-top:8px}summary{cursor:pointer;font-size:14px;font-weight:550}details>:not(summary){margin-top:8px}
.findings{list-style:none;margin:0;padding:0;display:grid;gap:14px}.findings ul{margin:0;padding-left:18px;overflow-wrap:anywhere}.findings p{margin:0 0 4px}
.empty{color:var(--dim);font-size:14px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:16px;align-items:start}.pair .banner{margin-top:0}.better{color:var(--pass)}.worse{color:var(--fail)}
@media (max-width:820px){.filters{position:static}body{padding:18px 14px 48px}.filters output{margin-left:0}}
@media print{:root,:root:not([data-theme=light]),:root[data-theme=dark]{color-scheme:light;--bg:#fff;--panel:#f5f7f9;--ink:#000;--dim:#444;--line:#ccc;--grid:#e2e2e2;--pass:#0b7a4b;--pass-bg:#fff;--fail:#b3261e;--fail-bg:#fff;--open:#855400;--open-bg:#fff;--ref:#444;--accent:#1d54c4;--accent-bg:#fff}
body{max-width:none;padding:0;font-size:11pt}.filters,.plain,#tip{display:none!important}.banner{border:2px solid}.card,figure,tr,.strip li{break-inside:avoid}.cards{grid-template-columns:1fr 1fr}.sort::after{content:""}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media (forced-colors:active){.badge,.chip,.card,.banner{border:1px solid}}
`;
