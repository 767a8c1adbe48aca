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

  /// Of a regular file.
  var digest: Digest? { if case .regular(let digest) = kind { digest } else { nil } }

  var isLink: Bool { if case .symbolicLink = kind { true } else { false } }

  /// What the fingerprint sees of it.
  var input: StepInput { StepInput(.context, name: path, value: value) }

  /// Its type, permissions and contents.
  var value: [UInt8] {
    var bytes: [UInt8] = []
    appendValue(to: &bytes)
    return bytes
  }

  func appendValue(to bytes: inout [UInt8]) {
    switch kind {
    case .regular(let digest):
      bytes.append(contentsOf: "file ".utf8)
      appendPermissions(to: &bytes)
      bytes.append(UInt8(ascii: " "))
      digest.appendText(to: &bytes)
    case .directory:
      bytes.append(contentsOf: "directory ".utf8)
      appendPermissions(to: &bytes)
    case .symbolicLink(let target):
      bytes.append(contentsOf: "link ".utf8)
      bytes.append(contentsOf: target)
    }
  }

  /// At least four octal digits.
  private func appendPermissions(to bytes: inout [UInt8]) {
    for place in stride(from: UInt16(mode > 0o7777 ? 15 : 9), through: 0, by: -3) {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: mode >> place & 7))
    }
  }
}
