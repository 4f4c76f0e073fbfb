/**
 * Host suffixes directly below which strangers get names, for the asking: a pattern over them would list their pages too.
 * Short on purpose, and no replacement for the Public Suffix List: it stops what people write by mistake.
 */
const DIRECTLY_BELOW = `
  vercel.app now.sh vusercontent.net v0.app netlify.app netlify.com pages.dev workers.dev github.io github.dev app.github.dev
  githubpreview.dev gitlab.io herokuapp.com herokudns.com onrender.com fly.dev railway.app up.railway.app web.app firebaseapp.com
  hosted.app run.app a.run.app appspot.com r.appspot.com cloudfunctions.net azurewebsites.net azurefd.net azureedge.net
  cloudapp.net trafficmanager.net amplifyapp.com cloudfront.net ondigitalocean.app digitaloceanspaces.com koyeb.app code.run
  zeabur.app kinsta.app kinsta.page surge.sh glitch.me repl.co replit.app replit.dev stackblitz.io webcontainer.io csb.app
  codesandbox.io gitpod.io deno.dev webflow.io framer.app framer.website wixsite.com myshopify.com shopifypreview.com
  bubbleapps.io lovable.app lovableproject.com bolt.host streamlit.app hf.space pythonanywhere.com blogspot.com wordpress.com
  ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev trycloudflare.com cfargotunnel.com loca.lt localtunnel.me lhr.life
  localhost.run serveo.net serveousercontent.com tunnelmole.net pinggy.link pinggy.io telebit.io pagekite.me ts.net
  duckdns.org ddns.net dyndns.org no-ip.org hopto.org
`

/** The same, where regions or addresses stand between the suffix and the names of strangers. */
const AT_ANY_DEPTH = `
  amazonaws.com on.aws elasticbeanstalk.com awsapprunner.com cloudapp.azure.com azurestaticapps.net devtunnels.ms ngrok.io
  nip.io sslip.io xip.io translate.goog
`

/** Country suffixes of two labels, by country. */
const COUNTRIES: Readonly<Record<string, string>> = {
  ar: 'com edu gob net org',
  at: 'ac co gv or',
  au: 'asn com edu gov id net org',
  bd: 'com edu gov net org',
  br: 'app art com dev eco edu gov ind net org',
  cn: 'ac com edu gov net org',
  co: 'com edu gov net nom org',
  eg: 'com edu gov net org',
  es: 'com edu gob nom org',
  fr: 'asso com gouv nom',
  gr: 'com edu gov net org',
  hk: 'com edu gov idv net org',
  id: 'ac co desa go my net or sch web',
  il: 'ac co gov muni net org',
  in: 'ac co edu firm gen gov ind net org res',
  jp: 'ac ad co ed go gr lg ne or',
  ke: 'ac co go info me ne or sc',
  kr: 'ac co go ne or pe re',
  mx: 'com edu gob net org',
  my: 'com edu gov name net org',
  ng: 'com edu gov name net org sch',
  nz: 'ac co geek gen govt iwi maori net org school',
  pe: 'com edu gob net nom org',
  ph: 'com edu gov net org',
  pk: 'com edu gov net org',
  pl: 'com edu gov net org waw',
  pt: 'com edu gov nome org',
  ru: 'com msk net org pp spb',
  sa: 'com edu gov net org',
  sg: 'com edu gov net org per',
  th: 'ac co go in net or',
  tr: 'com edu gen gov k12 net org web',
  tw: 'com edu gov idv net org',
  ua: 'com edu gov in kiev kyiv net org',
  uk: 'ac co gov ltd me net nhs org plc police sch',
  uy: 'com edu gub net org',
  ve: 'co com edu gob net org web',
  vn: 'com edu gov name net org',
  za: 'ac co gov law net nom org web',
}

const words = (text: string) => text.trim().split(/\s+/)
const directlyBelow = new Set([
  ...words(DIRECTLY_BELOW),
  ...Object.entries(COUNTRIES).flatMap(([country, seconds]) =>
    words(seconds).map((one) => `${one}.${country}`),
  ),
])
const atAnyDepth = words(AT_ANY_DEPTH)

/** Whether strangers can get the host `<label>.<suffix>`. */
export function isSharedSuffix(suffix: string): boolean {
  return directlyBelow.has(suffix) || atAnyDepth.some((one) => suffix === one || suffix.endsWith(`.${one}`))
}
