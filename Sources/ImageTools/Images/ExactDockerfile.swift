import DockerfileText
import ImageModel

/// The Dockerfile that an engine gets: every image by a name that cannot move.
struct ExactDockerfile {
  var text: [UInt8]

  /// - Parameters:
  ///   - names: by canonical reference; a use without one stays as it is written.
  ///   - sourceDateEpoch: declared as an argument in every stage, so that commands see it too.
  init(_ facts: DockerfileFacts, names: [String: String], sourceDateEpoch: Int?) {
    var replacements: [(range: Range<Int>, name: String)] = []
    for use in facts.uses {
      if let name = names[use.reference.canonical] { replacements.append((use.range, name)) }
    }
    if sourceDateEpoch != nil {
      for offset in Self.afterFrom(facts) { replacements.append((offset..<offset, "ARG SOURCE_DATE_EPOCH\n")) }
    }
    text = DockerfileRewriter.text(of: facts, replacing: replacements)
    if sourceDateEpoch != nil, facts.instructions.last.map(Self.isFrom) ?? false {
      text += Array("\nARG SOURCE_DATE_EPOCH\n".utf8)
    }
  }

  /// Where the instruction after each `FROM` begins.
  private static func afterFrom(_ facts: DockerfileFacts) -> [Int] {
    let lines = zip(facts.instructions, facts.instructions.dropFirst())
      .filter { isFrom($0) && !isFrom($1) }.map { $1.location.line }
    var starts = [0]
    for (index, byte) in facts.text.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
    return lines.filter { starts.indices.contains($0 - 1) }.map { starts[$0 - 1] }
  }

  private static func isFrom(_ instruction: DockerfileInstruction) -> Bool {
    instruction.canonical.split(whereSeparator: \.isWhitespace).first?.uppercased() == "FROM"
  }
}
