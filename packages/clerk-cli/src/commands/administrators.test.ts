import { expect, test } from 'vitest'
import { run } from '../testing/run.js'

const CREATE = ['administrators', 'create', '--email', 'ada@example.com']

function configuration(create: (input: { email: string; password: string }) => unknown) {
  return { clerk: () => Promise.reject(new Error('is not needed')), administrators: { create } }
}

test('the password comes from the first line of standard input, and is shown nowhere', async () => {
  const made: object[] = []
  const config = configuration((input) => {
    made.push(input)
    return 7
  })
  const ran = await run(CREATE, { config, input: 'correct horse\nsecond line\n' })
  expect(made).toEqual([{ email: 'ada@example.com', password: 'correct horse' }])
  expect(ran).toMatchObject({ code: 0, stdout: 'The administrator was created: 7.\n', stderr: '' })
  const { records } = await run([...CREATE, '--json'], { config, input: 'correct horse\n' })
  expect(records).toEqual([{ type: 'item', outcome: 'created', id: 7 }])
})

test.each([
  [
    'the function refuses',
    configuration(() => Promise.reject(new Error('there is ada@example.com'))),
    'correct horse',
    /there is \(address\)/,
  ],
  ['the password is short', configuration(() => 1), 'short', /at least 8 characters/],
  ['nothing is piped in', configuration(() => 1), '', /No password is given\.\n {2}.*pipe it in/],
  [
    'there is no function',
    { clerk: () => Promise.reject(new Error('no')) },
    'correct horse',
    /no function that creates[\s\S]*administrators: \{ create/,
  ],
])('it is 2 when %s', async (_, config, input, message) => {
  const { code, stdout, stderr } = await run(CREATE, { config, input })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/correct horse|short\n|ada@/)
})

test('a terminal that would show the password is not read from', async () => {
  const ran = await run([...CREATE, '--json'], {
    config: configuration(() => 1),
    input: 'correct horse\n',
    keyboard: true,
    terminal: true,
  })
  expect(ran).toMatchObject({
    code: 2,
    records: [{ type: 'error', message: expect.stringContaining('showing') }],
  })
})

test('without a terminal the address has to be given', async () => {
  const { code, stderr } = await run(['administrators', 'create'], {
    config: configuration(() => 1),
    input: 'x',
  })
  expect(code).toBe(2)
  expect(stderr).toContain('Give it with --email.')
})
