package import ImageModel

/// The files that a build can see, by name and size.
package struct LintedContext: Sendable {
  package struct File: Sendable {
    /// Relative to the context's root, byte for byte.
    package var path: [UInt8]
    package var size: Int
    /// For a link that leads nowhere: where it leads.
    package var danglingTarget: String?
    /// The first bytes, for names whose contents decide.
    package var head: [UInt8]

    package init(path: [UInt8], size: Int, danglingTarget: String? = nil, head: [UInt8] = []) {
      self.path = path
      self.size = size
      self.danglingTarget = danglingTarget
      self.head = head
    }

    var name: String { String(decoding: path, as: UTF8.self) }
  }

  /// Sorted by path.
  package var files: [File]
  /// Sources of the Dockerfile that are not there.
  package var sourceFaults: [Diagnostic]
  /// What a build would stumble over.
  package var diagnostics: [Diagnostic]

  package init(files: [File] = [], sourceFaults: [Diagnostic] = [], diagnostics: [Diagnostic] = []) {
    self.files = files
    self.sourceFaults = sourceFaults
    self.diagnostics = diagnostics
  }
}
