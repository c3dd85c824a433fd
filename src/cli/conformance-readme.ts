export const planFiles = {
  registration: "fapi1-advanced-final-brazil-dcr-test-plan.json",
  authorization: "fapi1-advanced-final-test-plan.json",
} as const;

const variant = "[fapi_profile=openbanking_brazil][client_auth_type=private_key_jwt][fapi_auth_request_method=pushed][fapi_response_mode=plain_response]";

/** How to run the official suite with the files beside this text. */
export function suiteReadme({ suite, alias, issuer, bank }: { suite: string; alias: string; issuer: string; bank: string }): string {
  return `The OpenID Foundation's conformance suite against ${issuer}

${planFiles.registration}   dynamic registration, 18 modules
${planFiles.authorization}                 authorization flows, 64 modules
registration/ client1/ client2/                     the software statements behind them, as a TPP has them

These files hold private keys of the sandbox. Keep them out of repositories.

Before a run
1. The sandbox runs: porteiro sandbox --real-host-names. The suite compares the directory's URLs literally, so that
   the machine of the suite and that of the server must both resolve these names to the sandbox (/etc/hosts):

     127.0.0.1 auth.sandbox.directory.openbankingbrasil.org.br
     127.0.0.1 matls-auth.sandbox.directory.openbankingbrasil.org.br
     127.0.0.1 matls-api.sandbox.directory.openbankingbrasil.org.br
     127.0.0.1 keystore.sandbox.directory.openbankingbrasil.org.br

2. The suite answers at ${suite} and reaches the server (${issuer})
   and the sample bank (${bank}) under these names. Run it on this machine (a container with the host's
   network). Or, for a suite on another machine, set for the sandbox and for this command alike
     PORTEIRO_PUBLIC_URL, PORTEIRO_MTLS_URL, PORTEIRO_SAMPLE_BANK_PUBLIC_URL                 names of this machine, here and there
     PORTEIRO_LISTENERS_PUBLIC_HOST, PORTEIRO_LISTENERS_MTLS_HOST, PORTEIRO_SAMPLE_BANK_HOST   such as 0.0.0.0
   start porteiro sandbox --real-host-names --directory-host 0.0.0.0, make this configuration again, and put this
   machine's address in the place of 127.0.0.1 above, in the suite's /etc/hosts. The suite accepts any TLS certificate.

On the suite's pages
   "Create a new test plan", choose the plan (the file's name), then the variants
     FAPI profile openbanking_brazil, client authentication private_key_jwt, request method pushed, response mode plain_response
   (no other combination can be certified), open the tab JSON, paste the file and create the plan. Run the modules.

From a terminal, in a checkout of the suite
   CONFORMANCE_SERVER=${suite}/ scripts/run-test-plan.py \\
     '${planFiles.registration.replace(".json", "")}${variant}' \\
     ${planFiles.registration}
   CONFORMANCE_SERVER=${suite}/ scripts/run-test-plan.py \\
     '${planFiles.authorization.replace(".json", "")}${variant}' \\
     ${planFiles.authorization}

What to expect
   Log-in and consent are automated. The best results there are: 18 of 18 PASSED for registration; 60 PASSED and 4 REVIEW
   for authorization (a person looks at the error page of those four). Run one plan at a time: the alias "${alias}" is
   theirs both.

Left-overs
   A suite that was killed may leave its client behind, and the next registration of the same software is refused:
   porteiro clients list, porteiro clients delete ID, or make this configuration again.
`;
}
