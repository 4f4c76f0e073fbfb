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
h1 { font-size: 1.4rem; line-height: 1.25; margin: .5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; line-height: 1.4; margin: 0; }
section { display: grid; grid-template-columns: minmax(0, 1fr); gap: .9rem; background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
p { margin: 0; overflow-wrap: anywhere; }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; }
form { display: grid; gap: .9rem 1rem; margin: 0; }
form.inline { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; }
form.inline label:not(.check) { flex: 0 1 20rem; }
label { display: grid; gap: .25rem; align-content: end; font-size: .9rem; color: var(--soft); min-width: 0; }
label.check { display: flex; gap: .5rem; align-items: center; min-height: 2.6rem; }
label.check input { min-height: 0; width: 1.05rem; height: 1.05rem; margin: 0; accent-color: var(--accent); }
input, select, textarea { font: inherit; font-size: 1rem; color: var(--ink); background: var(--ground); border: 1px solid var(--soft); border-radius: .4rem; padding: .4rem .6rem; width: 100%; min-width: 0; min-height: 2.6rem; }
textarea { font-family: ui-monospace, monospace; font-size: .85rem; min-height: 6rem; resize: vertical; }
button { font: inherit; font-size: 1rem; font-weight: 550; cursor: pointer; border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; min-height: 2.6rem; background: var(--ground); color: var(--ink); }
button:hover { border-color: var(--soft); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.danger { color: var(--bad); }
section > form > button.primary { justify-self: start; }
.narrow section > form > button.primary { justify-self: stretch; }
@media (min-width: 40rem) {
  section > form:not(.inline) { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  section > form > .wide, section > form > button.primary { grid-column: 1 / -1; }
  .narrow section > form:not(.inline) { grid-template-columns: minmax(0, 1fr); }
}
.people { list-style: none; padding: 0; margin: 0; display: grid; }
.people li { display: grid; gap: .5rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.people li:first-child { border-top: 0; padding-top: 0; }
.people li:last-child { padding-bottom: 0; }
.people button { font-size: .9rem; min-height: 2.3rem; padding: .25rem .65rem; text-align: left; }
/* Positioned: what is hidden in it from sight alone would widen the page. */
.scroll { overflow-x: auto; position: relative; }
td select { min-width: 8.5rem; }
section > form > label.check { align-self: end; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tbody tr:last-child > td { border-bottom: 0; padding-bottom: 0; }
td code { white-space: nowrap; }
td code.value { display: block; min-width: 16rem; white-space: normal; }
@media (max-width: 40rem) {
  header .live { order: 1; }
  header nav { order: 2; width: 100%; }
  td:first-child { min-width: 7.5rem; }
  section > form.inline:not([role=search]) > label:not(.check) { flex-basis: 100%; }
  td code { display: inline-block; min-width: 6.5rem; white-space: normal; }
  td code.value { min-width: 7.5rem; }
}
td input, td select, td button, .title button { font-size: .9rem; min-height: 2.1rem; padding: .2rem .6rem; }
th { color: var(--soft); font-weight: 550; white-space: nowrap; }
code, pre { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; margin: 0; }
details > summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
details > * + * { margin-top: .75rem; }
h1 .status { font-size: .9rem; font-weight: 400; vertical-align: middle; }
.soft { color: var(--soft); font-size: .9rem; }
.good { color: var(--good); }
.bad, [role=alert] { color: var(--bad); }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.live { display: flex; gap: .6rem; align-items: center; margin-left: auto; font-size: .9rem; color: var(--soft); min-height: 1.9rem; }
.live [role=status]::before { content: ''; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; margin-right: .4rem; background: var(--soft); }
.live[data-state=Live] [role=status]::before { background: var(--good); }
.live[data-state='No answer'] [role=status]::before { background: var(--bad); }
.live button { font-size: .85rem; min-height: 1.9rem; padding: .1rem .55rem; }
[data-live] { display: grid; grid-template-columns: minmax(0, 1fr); gap: .9rem; }
section > [data-live]:empty { display: none; }
[data-live] > section { margin: 0; }
main > [data-live]:not(:empty) { margin-bottom: 1rem; gap: 1rem; }
form[role=search] { flex-wrap: nowrap; }
time { white-space: nowrap; }
textarea[name=data] { min-height: 18rem; }
nav.pages { align-items: center; font-size: .9rem; }
.plain { list-style: none; padding: 0; margin: 0; }
.plain code { white-space: nowrap; }
.choices { display: grid; gap: .35rem 1rem; align-items: center; margin: 0; }
.choices dd { margin: 0 0 .6rem; }
.choices button { width: 100%; text-align: left; }
@media (min-width: 40rem) {
  .choices { grid-template-columns: max-content minmax(0, 1fr); gap: .6rem 1rem; }
  .choices dd { margin: 0; }
}
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`
