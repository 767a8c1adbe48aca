internal import ImageModel

/// A Dockerfile as engines run it: the triggers of each base right behind the `FROM` that names it.
struct RunningDockerfile {
  private(set) var text: [UInt8]
  /// In the order of the text.
  private var insertions: [Insertion] = []
  private let escape: UInt8

  struct Insertion {
    let base: ImageUse
    let triggers: [String]
    /// How many lines of the Dockerfile stand before it.
    let line: Int
  }

  /// - Parameter bases: what is known of images, by canonical reference.
  init(_ facts: DockerfileFacts, with bases: [String: BaseConfig]) {
    text = facts.text
    escape = facts.instructions.contains { $0.canonical == "# escape=`" } ? UInt8(ascii: "`") : UInt8(ascii: "\\")
    var places: [Int] = []
    for use in facts.uses where use.role == .from {
      guard let triggers = bases[use.reference.canonical]?.triggers, !triggers.isEmpty else { continue }
      let offset = Self.endOfInstruction(from: use.range.upperBound, in: text, escape: escape)
      let isInside = offset > 0 && text[offset - 1] != UInt8(ascii: "\n")
      let line = text[..<offset].count { $0 == UInt8(ascii: "\n") } + (isInside ? 1 : 0)
      insertions.append(Insertion(base: use, triggers: triggers, line: line))
      places.append(offset)
    }
    for (offset, insertion) in zip(places, insertions).reversed() {
      let isInside = offset > 0 && text[offset - 1] != UInt8(ascii: "\n")
      let lines = (isInside ? "\n" : "") + insertion.triggers.map { $0 + "\n" }.joined()
      text.insert(contentsOf: Array(lines.utf8), at: offset)
    }
  }

  var triggers: [String] { insertions.flatMap(\.triggers) }
  var firstBase: ImageUse? { insertions.first?.base }

  /// The `FROM` that brings what stands at a line of the text; nil for the Dockerfile's own lines.
  func base(at location: SourceLocation) -> ImageUse? { origin(ofLine: location.line).base }

  /// Where in the Dockerfile that is which stands at a line of the text: a trigger is where its base is named.
  func origin(of location: SourceLocation) -> SourceLocation {
    let (line, base) = origin(ofLine: location.line)
    var own = location
    own.line = line
    return base?.location ?? own
  }

  private func origin(ofLine line: Int) -> (line: Int, base: ImageUse?) {
    var before = 0
    for insertion in insertions {
      let own = line - before
      if own <= insertion.line { break }
      // A trigger is one line: others have no place behind a `FROM` and are not run together with it.
      if own <= insertion.line + insertion.triggers.count { return (insertion.line, insertion.base) }
      before += insertion.triggers.count
    }
    return (line - before, nil)
  }

  /// The first trigger that may not mean behind a `FROM` what it means by itself: engines take no heredocs there, and not
  /// always the escape character of the Dockerfile.
  var inexactTrigger: String? {
    triggers.first { line in
      let isOpen = line.utf8.last == escape || line.utf8.contains(UInt8(ascii: "\n"))
      let hasEscape = line.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "`") }
      return isOpen || line.contains("<<") || (escape != UInt8(ascii: "\\") && hasEscape)
    }
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
