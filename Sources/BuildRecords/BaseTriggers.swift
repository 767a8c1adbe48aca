internal import DockerfileText
package import ImageModel

/// What `ONBUILD` instructions of bases from outside add to what a build reads of its context.
package enum BaseTriggers {
  /// The recipe, with the reach of its Dockerfile as it will run: the triggers of each base right behind its `FROM`.
  /// - Parameter triggers: by canonical reference of the base.
  package static func widened(_ image: ImageRecipe, by triggers: [String: [String]]) -> ImageRecipe {
    let facts = image.dockerfile
    guard case .selected = facts.reach else { return image }
    let escape = facts.instructions.contains { $0.canonical == "# escape=`" } ? UInt8(ascii: "`") : UInt8(ascii: "\\")
    let insertions = facts.uses.compactMap { use -> (offset: Int, text: String)? in
      guard use.role == .from, let fired = triggers[use.reference.canonical], !fired.isEmpty else { return nil }
      let text = fired.map { $0 + "\n" }.joined()
      return (endOfInstruction(from: use.range.upperBound, in: facts.text, escape: escape), text)
    }
    if insertions.isEmpty { return image }
    var text = facts.text
    for (offset, lines) in insertions.sorted(by: { $0.offset > $1.offset }) {
      let isInside = offset > 0 && text[offset - 1] != UInt8(ascii: "\n")
      text.insert(contentsOf: Array(((isInside ? "\n" : "") + lines).utf8), at: offset)
    }
    let run = DockerfileReader.read(
      text, file: facts.file, buildArguments: image.buildArguments, target: image.target, platform: image.platform)
    var widened = image
    widened.dockerfile.reach = run.reach
    return widened
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
