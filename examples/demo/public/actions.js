/** What can be done at Clerk, in the order in which it is worth trying. `step`: the two-minute tour. */
export const SECTIONS = [
  {
    title: 'Webhooks',
    source: 'webhooks',
    actions: [
      {
        name: 'deliver-backwards',
        label: 'Deliver backwards',
        text: 'Two renames, the second one’s webhook first.',
        step: 2,
      },
      { name: 'deliver-twice', label: 'Deliver twice', text: 'One rename whose webhook comes two times.' },
    ],
  },
  {
    title: 'People',
    source: 'people',
    actions: [
      {
        name: 'ban',
        label: 'Ban',
        text: 'Out at once, even with a valid token.',
        step: 3,
        when: (person) => !person.atClerk.banned,
      },
      {
        name: 'unban',
        label: 'Unban',
        text: 'Lets them sign in again.',
        when: (person) => person.atClerk.banned,
      },
      {
        name: 'change-role',
        label: 'Change role',
        text: 'Administrator or member, at once.',
        needsAccess: true,
      },
      {
        name: 'revoke-sessions',
        label: 'Revoke sessions',
        text: 'Signed out in every browser.',
        needsAccess: true,
      },
      { name: 'rename', label: 'Rename', text: 'The row and the notes follow.' },
    ],
  },
  {
    title: 'Clerk itself',
    source: 'keys',
    actions: [
      {
        name: 'take-down',
        label: 'Take Clerk down',
        text: 'One request is trusted, another gets 503.',
        when: (_person, state) => !state.isDown,
        needsAccess: true,
      },
      {
        name: 'bring-back',
        label: 'Bring Clerk back',
        text: 'Everything works as before.',
        when: (_person, state) => state.isDown,
        isFree: true,
      },
      {
        name: 'rotate-keys',
        label: 'Rotate keys',
        text: 'New tokens name an unknown key.',
        needsAccess: true,
      },
      {
        name: 'service-account',
        label: 'Use an API key',
        text: 'A nightly export, without a person.',
        needsNoPerson: true,
      },
    ],
  },
]

export const OPPOSITES = {
  ban: 'unban',
  unban: 'ban',
  'take-down': 'bring-back',
  'bring-back': 'take-down',
}

const CLERK_IS_DOWN = 'Not while Clerk is down: bring it back first.'

/** Why a button does nothing now; `null` where it does. */
export function whyNot({ isFree, needsAccess, needsNoPerson }, person, state) {
  if (isFree) return null
  if (state.isDown) return CLERK_IS_DOWN
  if (needsNoPerson) return null
  if (person.atClerk.isDeleted) return `${person.atClerk.name} was deleted at Clerk: choose another person.`
  if (needsAccess && person.atClerk.banned) return `${person.atClerk.name} is banned: press Unban first.`
  return null
}

export const whyNoSignIn = (state) => (state.isDown ? CLERK_IS_DOWN : null)

/** What to do next, where the page would leave a person without a hint. */
export const NEXT = {
  ban: () => 'Press Unban to let them in again.',
  unban: (isSignedIn) =>
    isSignedIn ? null : { text: 'Sign in again', href: '/sign-in?returnTo=%2F', after: ' to come back.' },
  'revoke-sessions': (isSignedIn) =>
    isSignedIn ? null : { text: 'Sign in again', href: '/sign-in?returnTo=%2F', after: ' to come back.' },
}
