import { createPrivateKey, X509Certificate } from "node:crypto";
import { createAuthority, type Authority } from "../certs/issue-certificate.ts";
import { issueCrl } from "../certs/issue-crl.ts";
import type { Clock } from "../kernel/clock.ts";
import { entry, type DirectoryMemory } from "./directory-memory.ts";
import type { DirectoryUrls } from "./directory-settings.ts";

const day = 86_400_000;
const year = 365 * day;

/**
 * The sandbox's image of ICP-Brasil. Under the V10 root, authorities issue web certificates directly; under the V5
 * root stands one authority between. All names are invented.
 */
const plan = {
  "root-v10": {
    commonName: "Autoridade Certificadora Raiz Sandbox v10",
    organisationalUnits: ["Porteiro Sandbox - sem valor legal"],
    issuer: undefined,
    years: 20,
  },
  "ac-ssl": {
    commonName: "AC Porteiro Sandbox SSL G1",
    organisationalUnits: ["Autoridade Certificadora Raiz Sandbox v10"],
    issuer: "root-v10",
    years: 10,
  },
  "root-v5": {
    commonName: "Autoridade Certificadora Raiz Sandbox v5",
    organisationalUnits: ["Porteiro Sandbox - sem valor legal"],
    issuer: undefined,
    years: 20,
  },
  "ac-porteiro": {
    commonName: "AC Porteiro Sandbox",
    organisationalUnits: ["Autoridade Certificadora Raiz Sandbox v5"],
    issuer: "root-v5",
    years: 12,
  },
  "ac-multipla": {
    commonName: "AC Porteiro Sandbox Multipla G1",
    organisationalUnits: ["AC Porteiro Sandbox"],
    issuer: "ac-porteiro",
    years: 10,
  },
} as const;

export type AuthorityName = keyof typeof plan;
export const authorityNames = Object.keys(plan) as AuthorityName[];

/** The issuing authority of each kind of certificate (certificate standard: BRCAC under V10, BRSEAL under V5). */
export const issuerOf = { brcac: "ac-ssl", brseal: "ac-multipla" } as const;

export type Authorities = Readonly<Record<AuthorityName, Authority>>;

/**
 * Opens the sandbox's certificate authorities, or makes them in one batch. Their private keys lie in the store in
 * clear: they vouch for nothing outside this sandbox.
 */
export async function openAuthorities(needs: {
  readonly memory: DirectoryMemory;
  readonly clock: Clock;
  readonly urls: DirectoryUrls;
}): Promise<Authorities> {
  const { memory } = needs;
  if ((await memory.get("authority", "root-v10")) === undefined) {
    const made = await makeAuthorities(needs);
    const puts = authorityNames.map((name) => {
      const { certificatePem, privateKeyPem } = made[name];
      return entry("authority", name, { certificatePem, privateKeyPem });
    });
    // Whoever comes second finds the others' authorities and takes those.
    await memory.write(puts, [{ name: "authority/root-v10", is: "absent" }]);
  }
  return readAuthorities(needs);
}

type AuthorityMaker = (name: AuthorityName, issuer: Authority | undefined) => Promise<Authority>;

async function throughThePlan(make: AuthorityMaker): Promise<Authorities> {
  const done: Partial<Record<AuthorityName, Authority>> = {};
  for (const name of authorityNames) {
    const { issuer } = plan[name];
    done[name] = await make(name, issuer && done[issuer]);
  }
  // Every name of the plan has been through the loop.
  return done as Authorities;
}

function makeAuthorities({ clock, urls }: { clock: Clock; urls: DirectoryUrls }): Promise<Authorities> {
  return throughThePlan((name, issuer) => {
    const { commonName, organisationalUnits, years } = plan[name];
    const issuing = Object.values<AuthorityName>(issuerOf).includes(name);
    return createAuthority({
      subject: { commonName, organisationalUnits },
      notBefore: new Date(clock() - day),
      notAfter: new Date(clock() + years * year),
      ...sources(name, urls),
      ...(issuer && { issuer }),
      ...(issuing && { pathLength: 0 }),
      digest: "sha512",
    });
  });
}

function readAuthorities({ memory, urls }: { memory: DirectoryMemory; urls: DirectoryUrls }): Promise<Authorities> {
  return throughThePlan(async (name, issuer) => {
    const record = await memory.get("authority", name);
    if (!record) throw new Error(`Expected the sandbox authority ${name} in the store; empty the store and start again`);
    return {
      ...record,
      certificate: new X509Certificate(record.certificatePem),
      privateKey: createPrivateKey(record.privateKeyPem),
      ...sources(name, urls),
      ...(issuer && { issuer }),
    };
  });
}

function sources(name: AuthorityName, urls: DirectoryUrls): { crlUrl: string; ocspUrl: string } {
  return { crlUrl: `${urls.crl}/${name}.crl`, ocspUrl: `${urls.ocsp}/${name}` };
}

/** The authority's revocation list of this moment, DER. */
export async function currentCrl(
  needs: { readonly memory: DirectoryMemory; readonly clock: Clock; readonly authorities: Authorities },
  name: AuthorityName,
): Promise<Buffer> {
  const { memory, clock, authorities } = needs;
  const revoked = await memory.list("revocation", `${name}/`);
  const behaviour = await memory.get("behaviour", "current");
  const { crlValiditySeconds = 86_400, crlAgeSeconds = 0 } = behaviour ?? {};
  const thisUpdate = clock() - crlAgeSeconds * 1000;
  return issueCrl(authorities[name], {
    revoked: revoked.map((entry) => ({ ...entry, revokedAt: new Date(entry.revokedAt) })),
    thisUpdate: new Date(thisUpdate),
    nextUpdate: new Date(thisUpdate + crlValiditySeconds * 1000),
    // Grows with time and needs no memory.
    number: Math.floor(thisUpdate / 1000),
  });
}
