import { createPorteiroSubjects, type PorteiroNeeds } from "./subject-porteiro.ts";
import { createOidcProviderReference, createVerifierReference } from "./subject-references.ts";
import type { Subject } from "./subject.ts";

/** Every server that the bench compares, the bare https server apart. */
export function createSubjects(needs: PorteiroNeeds): readonly Subject[] {
  return [...createPorteiroSubjects(needs), createOidcProviderReference(needs), createVerifierReference(needs)];
}
