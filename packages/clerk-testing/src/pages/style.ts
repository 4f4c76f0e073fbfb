export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --panel: #fff; --ink: #16181d; --soft: #5b6270; --line: #d9dde4;
  --accent: #4338ca; --on-accent: #fff; --good: #116b36; --bad: #b42318;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101216; --panel: #181b21; --ink: #e8eaee; --soft: #a2a9b6; --line: #30353f;
    --accent: #a5b4fc; --on-accent: #14161b; --good: #6ee7a0; --bad: #fda29b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; padding: .75rem 1rem; border-bottom: 1px solid var(--line); background: var(--panel); }
.brand { font-weight: 650; color: inherit; text-decoration: none; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
nav a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
main { max-width: 64rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
main.narrow, .narrow { max-width: 26rem; margin-inline: auto; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: .5rem; top: .5rem; background: var(--panel); padding: .5rem; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: .5rem 0 1rem; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
form { display: grid; gap: .75rem; margin: 0; }
form.inline { display: inline-flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
label { display: grid; gap: .25rem; font-size: .9rem; color: var(--soft); }
label.check { display: flex; gap: .5rem; align-items: center; }
input, select, textarea { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--soft); border-radius: .4rem; padding: .45rem .6rem; min-width: 0; }
textarea { font-family: ui-monospace, monospace; font-size: .85rem; min-height: 6rem; }
button { font: inherit; font-weight: 550; cursor: pointer; border: 1px solid var(--line); border-radius: .4rem; padding: .45rem .8rem; background: var(--ground); color: var(--ink); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.danger { color: var(--bad); }
.people { list-style: none; padding: 0; margin: 0; display: grid; gap: .5rem; }
.people button { width: 100%; text-align: left; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: .45rem .6rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td code { white-space: nowrap; }
th { color: var(--soft); font-weight: 550; }
code, pre { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; margin: 0; }
section > * + form, section > form + form { margin-top: .75rem; }
h1 .status { font-size: .9rem; font-weight: 400; vertical-align: middle; }
.soft { color: var(--soft); font-size: .9rem; }
.good { color: var(--good); }
.bad, [role=alert] { color: var(--bad); }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
`
