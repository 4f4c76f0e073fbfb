import { byId, element } from '/dom.js'

async function show() {
  const answer = await fetch('/admin/overview')
  byId('login').hidden = answer.ok
  byId('overview').hidden = !answer.ok
  byId('logout').hidden = !answer.ok
  if (!answer.ok) return
  const { users, subscriptions, organizations } = await answer.json()
  const facts = [
    ['Active users', users],
    ...subscriptions.map(({ plan, count }) => [`On the ${plan} plan`, count]),
    ...organizations.map(({ name, notes }) => [`Notes of ${name}`, notes]),
  ]
  byId('overview').replaceChildren(
    ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, String(value))]),
  )
}

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.currentTarget
  const answer = await fetch('/admin/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  })
  byId('problem').textContent = answer.ok ? '' : (await answer.json()).error
  if (answer.ok) form.reset()
  await show()
})

byId('logout').addEventListener('click', async () => {
  await fetch('/admin/logout', { method: 'POST' })
  await show()
})

await show()
