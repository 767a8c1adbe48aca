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
  var input: StepInput { StepInput(.context, name: path, value: value) }

  /// Its type, permissions and contents.
  var value: [UInt8] {
    switch kind {
    case .regular(let digest): Array("file ".utf8) + permissions + [UInt8(ascii: " ")] + digest.text
    case .directory: Array("directory ".utf8) + permissions
    case .symbolicLink(let target): Array("link ".utf8) + target
    }
  }

  /// At least four octal digits.
  private var permissions: [UInt8] {
    let digits = mode > 0o7777 ? 6 : 4
    return (0..<digits).map { UInt8(ascii: "0") + UInt8(truncatingIfNeeded: mode >> UInt16(3 * (digits - 1 - $0)) & 7) }
  }
}
