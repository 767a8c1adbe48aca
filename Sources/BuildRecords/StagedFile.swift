package import ImageModel

/// One file of a context as it was hashed, and as a build must see it.
package struct StagedFile: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case regular(Digest)
    case directory
    case symbolicLink(target: [UInt8])
  }

  /// Relative to the context's root.
  package var path: [UInt8]
  package var kind: Kind
  /// Permission bits, 0o7777; 0o777 for links.
  package var mode: UInt16
  /// Where its bytes lie; nil for files rendered from templates and made by generators.
  package var source: FilePath?

  package init(path: [UInt8], kind: Kind, mode: UInt16, source: FilePath?) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.source = source
  }

  var isLink: Bool { if case .symbolicLink = kind { true } else { false } }

  /// What the fingerprint sees of it.
  var input: StepInput {
    let octal = String(mode, radix: 8)
    let permissions = String(repeating: "0", count: max(0, 4 - octal.utf8.count)) + octal
    switch kind {
    case .regular(let digest):
      return StepInput(.context, name: path, value: Array("file \(permissions) \(digest)".utf8))
    case .directory:
      return StepInput(.context, name: path, value: Array("directory \(permissions)".utf8))
    case .symbolicLink(let target):
      return StepInput(.context, name: path, value: Array("link ".utf8) + target)
    }
  }
}
