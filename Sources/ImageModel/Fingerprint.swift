/// The SHA-256 over everything that a step is made of, in the canonical encoding of `StepInputs`.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  package let digest: Digest

  package init(_ digest: Digest) { self.digest = digest }
  package var description: String { digest.description }
}
