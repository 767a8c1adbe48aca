internal import ImageModel

/// A small file of lines: its kind and version first, the SHA-256 of all before it last.
enum CheckedText {
  static func encode(_ kind: String, _ lines: [String]) -> [UInt8] {
    let body = ([kind] + lines).map { $0 + "\n" }.joined()
    return Array((body + "check \(Digest.sha256(body))\n").utf8)
  }

  /// The lines between the first and the last; nil when anything is wrong.
  static func decode(_ kind: String, _ bytes: [UInt8]) -> [[String]]? {
    guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n") else { return nil }
    var lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    guard let last = lines.popLast(), last.hasPrefix("check "), let check = Digest(last.dropFirst(6)),
      lines.first?.elementsEqual(kind) == true
    else { return nil }
    guard check == Digest.sha256(Array(bytes.dropLast(last.utf8.count + 1))) else { return nil }
    return lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
  }
}
