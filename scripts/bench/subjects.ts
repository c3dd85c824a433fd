import { createOidcProviderReference, type ReferenceNeeds } from "./subject-references.ts";
import type { Subject } from "./subject.ts";

/** Every server that the bench compares, the bare https server apart. */
export function createSubjects(needs: ReferenceNeeds): readonly Subject[] {
  return [createOidcProviderReference(needs)];
}
