package import ImageModel

/// What is known of the files that a step reads: the digest of their list, and the files where they had to be looked at.
package struct StepFiles: Sendable {
  /// Nil when there are none.
  package let listDigest: Digest?
  /// Nil where a trace says that nothing has changed.
  package let snapshot: ContextSnapshot?
  private let load: @Sendable () throws -> ContextSnapshot

  package init(_ snapshot: ContextSnapshot) { self.init(snapshot, listDigest: snapshot.listDigest) }

  /// - Parameter listDigest: that of the snapshot.
  init(_ snapshot: ContextSnapshot, listDigest: Digest?) {
    self.listDigest = listDigest
    self.snapshot = snapshot
    load = { snapshot }
  }

  /// - Parameter load: looks at the files, should somebody want to see them.
  init(unchanged listDigest: Digest?, load: @escaping @Sendable () throws -> ContextSnapshot) {
    self.listDigest = listDigest
    self.load = load
    snapshot = nil
  }

  /// With the files, which may have changed by now.
  package func loaded() throws -> StepFiles { snapshot == nil ? StepFiles(try load()) : self }
}
