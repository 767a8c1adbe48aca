package import ImageModel

extension ImageLayout {
  private static let kind = "coppice output 1"

  private func path(of fingerprint: Fingerprint) -> FilePath {
    let hex = fingerprint.digest.hex
    return fingerprints / FilePath(hex.prefix(2)) / FilePath(hex)
  }

  /// Keeps what came out for a fingerprint; an assumed output is not kept.
  package func remember(_ output: ArtifactOutput, for fingerprint: Fingerprint) throws {
    if output.isAssumed { return }
    let line = [
      output.digest.description, output.content?.description ?? "-", output.manifest?.description ?? "-",
      output.index?.description ?? "-", String(output.size),
    ].joined(separator: " ")
    try inStore { try write(path(of: fingerprint), CheckedText.encode(Self.kind, [line])) }
  }

  /// What came out for a fingerprint; nil when that is unknown, or the record of it is damaged.
  package func output(for fingerprint: Fingerprint) throws -> ArtifactOutput? {
    try inStore { try output(at: path(of: fingerprint)) }
  }

  func output(at path: FilePath) throws -> ArtifactOutput? {
    guard let lines = try checkedLines(path, Self.kind), lines.count == 1, lines[0].count == 5 else { return nil }
    let words = lines[0]
    let (content, manifest, index) = (Digest(words[1]), Digest(words[2]), Digest(words[3]))
    guard let digest = Digest(words[0]), let size = Int(words[4]), content != nil || words[1] == "-",
      manifest != nil || words[2] == "-", index != nil || words[3] == "-"
    else { return nil }
    return ArtifactOutput(digest: digest, content: content, manifest: manifest, index: index, size: size)
  }
}
