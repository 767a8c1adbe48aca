/// Something that is not as a plan saw it.
package struct Movement: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case tree, lock, destination
    /// What is to be published is not here as it was.
    case output
  }

  package var kind: Kind
  package var message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
