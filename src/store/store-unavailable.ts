/**
 * The store did not confirm a call: it is out of reach, failing over, full, or fewer replicas than asked for have
 * acknowledged. A write that ends so may or may not have happened; the caller answers 503 and the client tries again.
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}
