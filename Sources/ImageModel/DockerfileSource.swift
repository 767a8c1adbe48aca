/// One source of `COPY`, `ADD` or a bind mount, and where it is written.
package struct DockerfileSource: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// What it may mean in the context, since engines differ: one that is there is enough.
    case context([ContextSelector])
    /// Pinned when it cannot change unnoticed: by a checksum, or by the commit of a git repository.
    case network(isPinned: Bool)
  }

  /// `COPY`, `ADD`, `RUN --mount`; behind `ONBUILD` where an image that `FROM` names brings it.
  package var instruction: String
  /// After expansion.
  package var text: String
  package var place: Place
  package var location: SourceLocation

  package init(instruction: String, text: String, place: Place, location: SourceLocation) {
    self.instruction = instruction
    self.text = text
    self.place = place
    self.location = location
  }
}

/// One `FROM` of a Dockerfile.
package struct DockerfileStage: Hashable, Sendable {
  /// In lower case; nil when it has none.
  package var name: String?
  package var location: SourceLocation
  /// Whether the target is made from it.
  package var isNeeded: Bool

  package init(name: String?, location: SourceLocation, isNeeded: Bool) {
    self.name = name
    self.location = location
    self.isNeeded = isNeeded
  }
}
