/// One place in which two outputs of an artifact differ.
package struct OutputDifference: Hashable, Sendable {
  /// A path of an image, `/etc/stamp`, or a member of its config, `config.Env`.
  package var path: String
  /// What the file holds in the one and in the other.
  package var contents: Set<Digest>

  package init(_ path: String, contents: Set<Digest> = []) {
    self.path = path
    self.contents = contents
  }

  package var isMember: Bool { !path.hasPrefix("/") }
  /// `stamp` of `/etc/stamp`.
  package var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
}
