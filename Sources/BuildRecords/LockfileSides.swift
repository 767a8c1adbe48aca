/// The lines of a lockfile as one side of a merge has them; of a file without conflicts there is one side.
struct LockfileSides {
  struct Line {
    var text: Substring
    /// From 1.
    var number: Int
    /// The line of the marker that opens the conflict in which it stands.
    var conflict: Int?
  }

  /// One list, or ours and theirs. Between the markers of a conflict each side has its own lines, and neither those of
  /// the common ancestor.
  private(set) var sides: [[Line]]
  /// The lines of the markers that open conflicts.
  private(set) var conflicts: [Int] = []

  private enum Part { case both, ours, ancestor, theirs }

  init(_ text: String) {
    var (ours, theirs): ([Line], [Line]) = ([], [])
    var part = Part.both
    // A checkout may have given the lines other ends; both are one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (offset, text) in lines.enumerated() {
      if text.hasPrefix("<<<<<<<") {
        part = .ours
        conflicts.append(offset + 1)
      } else if text.hasPrefix("|||||||"), part == .ours {
        part = .ancestor
      } else if text.hasPrefix("======="), part != .both {
        part = .theirs
      } else if text.hasPrefix(">>>>>>>"), part != .both {
        part = .both
      } else {
        let line = Line(text: text, number: offset + 1, conflict: part == .both ? nil : conflicts.last)
        if part == .both || part == .ours { ours.append(line) }
        if part == .both || part == .theirs { theirs.append(line) }
      }
    }
    sides = conflicts.isEmpty ? [ours] : [ours, theirs]
  }
}
