import { ConfigurationError } from '../../ground/errors.js'
import { orAborted } from '../../ground/timing/until-aborted.js'
import type { InstanceProof } from './complete-listing.js'

const MESSAGES: Readonly<Record<Exclude<InstanceProof, 'proven'>, string>> = {
  'other-instance': 'belongs to another Clerk instance than the keys that tokens are verified with.',
  'instance-not-proven':
    'is of an instance that is not known: no set of keys could be read to compare with that of the Backend API.',
}

const REMEDIES: typeof MESSAGES = {
  'other-instance':
    'Set the secret key and the publishable key of one instance (Clerk dashboard → API keys).',
  'instance-not-proven':
    'Run it again when the key set can be read: `clerk.check()` and `acme-clerk doctor` say what is in the way.',
}

/**
 * Refuses the secret key of another instance before anything of that instance is written here.
 *
 * @param allowUnproven also takes a key of which nothing is known
 * @throws {ConfigurationError} {@link ClerkApiError} when the Backend API gives no key set;
 * {@link StoppedError}
 */
export async function refuseOtherInstance(
  proof: () => Promise<InstanceProof>,
  { allowUnproven, signal }: { readonly allowUnproven: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const proven = await orAborted(proof(), signal)
  if (proven === 'proven' || (proven === 'instance-not-proven' && allowUnproven)) return
  throw new ConfigurationError([
    {
      option: 'secretKey',
      message: MESSAGES[proven],
      remedy: REMEDIES[proven],
    },
  ])
}
