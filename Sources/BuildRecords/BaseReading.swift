internal import DockerfileText
package import ImageModel

/// Which files a build takes, where the images that `FROM` names have a say: by their `ONBUILD` instructions, and by
/// their variables.
package enum BaseReading {
  /// The recipe, with the reach of its Dockerfile as it will run: the triggers of each base right behind its `FROM`.
  /// - Parameter bases: by canonical reference; what was known of others still is.
  package static func recipe(_ image: ImageRecipe, with bases: [String: BaseConfig]) -> ImageRecipe {
    var read = image
    read.bases.merge(bases) { $1 }
    let facts = image.dockerfile
    let escape = facts.instructions.contains { $0.canonical == "# escape=`" } ? UInt8(ascii: "`") : UInt8(ascii: "\\")
    let insertions = facts.uses.compactMap { use -> (offset: Int, text: String)? in
      guard use.role == .from, let fired = read.bases[use.reference.canonical]?.triggers, !fired.isEmpty
      else { return nil }
      let text = fired.map { $0 + "\n" }.joined()
      return (endOfInstruction(from: use.range.upperBound, in: facts.text, escape: escape), text)
    }
    if let line = insertions.flatMap({ $0.text.split(separator: "\n") }).first(where: { !isExact($0, escape) }) {
      read.dockerfile.reach = .whole(reason: "nobody knows how ONBUILD \(line) is read")
      read.dockerfile.countEverything()
      return read
    }
    var text = facts.text
    for (offset, lines) in insertions.sorted(by: { $0.offset > $1.offset }) {
      let isInside = offset > 0 && text[offset - 1] != UInt8(ascii: "\n")
      text.insert(contentsOf: Array(((isInside ? "\n" : "") + lines).utf8), at: offset)
    }
    let run = DockerfileReader.read(
      text, file: facts.file, buildArguments: image.buildArguments, target: image.target, platform: image.platform,
      environments: read.bases.mapValues(\.environment))
    read.dockerfile.reach = run.reach
    read.dockerfile.askedVariables = run.askedVariables
    read.dockerfile.environment = run.environment
    count(&read.dockerfile, as: run, insertions.map(\.text))
    return read
  }

  /// A trigger may be an ARG, which takes build arguments and what stands before the first `FROM`, and may name a stage.
  private static func count(_ facts: inout DockerfileFacts, as run: DockerfileFacts, _ triggers: [String]) {
    if triggers.isEmpty { return }
    if triggers.contains(where: { $0.contains("from=") || $0.contains("TARGETSTAGE") }) { facts.countEverything() }
    facts.takenArguments = run.takenArguments
    let isBefore = { (instruction: DockerfileInstruction) in !instruction.canonical.hasPrefix("FROM") }
    for (index, instruction) in run.instructions.prefix(while: isBefore).enumerated()
    where index < facts.instructions.count && instruction.counted != nil {
      facts.instructions[index].counted = instruction.counted
    }
  }

  /// Whether a trigger means behind a `FROM` what it means by itself: engines take no heredocs there, and not always the
  /// escape character of the Dockerfile.
  private static func isExact(_ line: Substring, _ escape: UInt8) -> Bool {
    let isOpen = line.utf8.last == escape
    let hasEscape = line.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "`") }
    return !isOpen && !line.contains("<<") && (escape == UInt8(ascii: "\\") || !hasEscape)
  }

  /// Behind the line on which the instruction ends, over continued lines and comments between them.
  private static func endOfInstruction(from offset: Int, in text: [UInt8], escape: UInt8) -> Int {
    var start = offset
    while start < text.count {
      let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      let line = text[start..<end]
      let isComment =
        start > offset && line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } == UInt8(ascii: "#")
      start = min(end + 1, text.count)
      let last = line.last { ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains($0) }
      if !isComment && last != escape { break }
    }
    return start
  }
}
