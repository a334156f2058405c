/** The look of a report: the program's colours, light or dark as the reader's system asks, black on white on paper. */
export const STYLE = `
:root{--back:#fff;--panel:#f5f7f9;--line:#d6dce3;--text:#1b2129;--dim:#56616e;--accent:#0a6fa8;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--back:#0f1216;--panel:#171b21;--line:#262c35;--text:#e6e9ee;--dim:#9aa4b2;--accent:#4cc2ff}}
@media print{:root{--back:#fff;--panel:#fff;--line:#bbb;--text:#000;--dim:#444;--accent:#000}}
*{box-sizing:border-box}
body{margin:0 auto;padding:32px 24px 64px;max-width:1040px;background:var(--back);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:26px;line-height:1.2;margin:0 0 8px}
h2{font-size:18px;margin:36px 0 8px;border-bottom:1px solid var(--line);padding-bottom:4px}
h3{font-size:15px;margin:20px 0 4px}
p{max-width:72ch;margin:8px 0}
.dim,figcaption span,.chart text{color:var(--dim);fill:var(--dim)}
.dim{font-size:13px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--panel);padding:1px 4px;border-radius:4px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;margin:8px 0}
th,td{text-align:right;padding:5px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
th{font-weight:600;color:var(--dim);font-size:13px}
td.best{font-weight:700}
.scroll{overflow-x:auto}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0}
dt{color:var(--dim)}dd{margin:0}
.tiles{display:grid;gap:8px;margin:4px 0 16px}
.tiles figure,.chart{margin:0;break-inside:avoid}
.tiles img{display:block;width:100%;background:#000;border-radius:4px}
figcaption{font-size:13px;padding:3px 0}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px}
.chart{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:8px 10px}
.chart svg{display:block;width:100%;height:auto}
.chart text{font-size:11px}.grid{stroke:var(--line);stroke-width:1}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:2px 0 0;padding:0;font-size:12px}
.legend i,.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
.key{margin-right:14px;white-space:nowrap}
footer{margin-top:40px;border-top:1px solid var(--line);padding-top:8px}
section{break-inside:auto}h2,h3{break-after:avoid}
`;
