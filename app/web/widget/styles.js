/** The widget's looks. A page changes them by custom properties: --holdfast-accent, --holdfast-on-accent, --holdfast-font. */
const LIGHT = `--ink:#1c2421;--soft:#56625d;--paper:#fff;--line:#dbe2de;--wash:#edf4f0;
  --accent:var(--holdfast-accent,#0b6b4f);--on-accent:var(--holdfast-on-accent,#fff);--bad:#a3261b;color-scheme:light;`;
const DARK = `--ink:#e8eeeb;--soft:#a3b0aa;--paper:#161c19;--line:#323c37;--wash:#1f2b26;
  --accent:var(--holdfast-accent,#63cfa8);--on-accent:var(--holdfast-on-accent,#07251b);--bad:#ff9d92;color-scheme:dark;`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host{display:block;container-type:inline-size;font:16px/1.5 var(--holdfast-font,system-ui,sans-serif);${LIGHT}}
:host([theme=dark]){${DARK}}
@media (prefers-color-scheme:dark){:host(:not([theme=light])){${DARK}}}
*{box-sizing:border-box}
.card{background:var(--paper);color:var(--ink);border:1px solid var(--line);border-radius:16px;padding:20px}
h2,p{margin:0 0 12px}h2{font-size:1.1rem}
.soft{color:var(--soft)}.error{color:var(--bad)}.error:empty{display:none}
.lengths{display:flex;flex-wrap:wrap;gap:8px;border:0;margin:0 0 20px;padding:0}
.lengths legend{font-size:.9rem;color:var(--soft);padding:0;margin-bottom:4px}
.lengths label{display:block;position:relative;font-size:1rem}
.lengths input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.lengths span{display:grid;place-items:center;min-height:44px;padding:8px 16px;border:1px solid var(--line);border-radius:10px;color:var(--ink)}
.lengths :checked+span{background:var(--accent);border-color:var(--accent);color:var(--on-accent);font-weight:600}
.lengths :focus-visible+span{outline:3px solid var(--accent);outline-offset:2px}
.choose{display:grid;gap:24px}
@container (min-width:640px){.card{padding:32px}.choose{grid-template-columns:minmax(0,1fr) 220px}}
.bar{display:flex;align-items:center;justify-content:space-between;margin-bottom:8px}
.bar h2{margin:0}
button,input,select{font:inherit;color:inherit}
button{cursor:pointer;border:1px solid var(--line);background:transparent;border-radius:10px;min-height:44px;padding:8px 16px}
button:hover{border-color:var(--accent)}
[aria-pressed=true]{background:var(--wash);border-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.main{background:var(--accent);color:var(--on-accent);border-color:var(--accent);font-weight:600}
.month{width:100%;border-collapse:collapse;table-layout:fixed;text-align:center}
.month th{font-weight:400;font-size:.85rem;color:var(--soft);padding:4px 0}
.month td{padding:2px}
.day{width:100%;padding:0;border-color:transparent;background:var(--wash);font-weight:600;color:var(--accent)}
.day[aria-disabled]{background:none;font-weight:400;color:var(--soft);cursor:default}
.day[aria-current]{text-decoration:underline;text-underline-offset:4px}
[aria-selected=true] .day{background:var(--accent);color:var(--on-accent)}
.times{list-style:none;margin:0;padding:4px;display:grid;gap:8px;grid-template-columns:repeat(auto-fill,minmax(96px,1fr));
  max-height:336px;overflow:auto}
.times button{width:100%;padding:8px 4px;white-space:nowrap;font-variant-numeric:tabular-nums;border-color:var(--accent);color:var(--accent)}
.settings label{grid-template-columns:minmax(0,auto);max-width:100%}
.settings{display:flex;flex-wrap:wrap;gap:12px;margin-top:20px;padding-top:16px;border-top:1px solid var(--line);align-items:end}
label{display:grid;gap:4px;font-size:.9rem;color:var(--soft)}
input,select{min-height:44px;padding:8px 12px;border:1px solid var(--soft);border-radius:10px;background:var(--paper);color:var(--ink);max-width:100%}
form{display:grid;gap:16px;max-width:420px}
.row{display:flex;flex-wrap:wrap;gap:12px}
.kept{display:flex;flex-wrap:wrap;align-items:center;gap:4px 16px}
.kept [hidden]{display:block;visibility:hidden}
.left{font-variant-numeric:tabular-nums;font-weight:600;color:var(--accent)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (forced-colors:active){[aria-pressed=true],:checked+span,[aria-selected=true] .day{outline:3px solid Highlight}}
@media (prefers-reduced-motion:no-preference){button{transition:border-color .15s,background-color .15s}}
`);
