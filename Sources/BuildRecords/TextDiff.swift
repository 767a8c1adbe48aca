/// The changed lines of a text, as a unified diff shows them.
package enum TextDiff {
  /// How many lines are shown around what changed.
  private static let context = 2

  /// Hunks; none when the texts are equal.
  /// - Parameter limit: how many lines there are at most; one more counts the changed lines that are left out.
  package static func lines(from old: [UInt8], to new: [UInt8], limit: Int = 60) -> [String] {
    let (before, after) = (split(old), split(new))
    let edits = SequenceDiff.edits(from: before, to: after)
    var lines: [(text: String, isChange: Bool)] = []
    for hunk in hunks(edits) {
      lines.append((header(edits[hunk]), false))
      for edit in edits[hunk] {
        switch edit {
        case .keep(let index, _): lines += shown(" ", before[index]).map { ($0, false) }
        case .remove(let index): lines += shown("-", before[index]).map { ($0, true) }
        case .insert(let index): lines += shown("+", after[index]).map { ($0, true) }
        }
      }
    }
    let left = lines.dropFirst(limit).count(where: \.isChange)
    guard left > 0 else { return lines.map(\.text) }
    return lines.prefix(limit).map(\.text) + ["… \(left) more changed \(left == 1 ? "line" : "lines")"]
  }

  /// Each line with its line feed, so that a last one without is another one.
  private static func split(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var rest = text[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: newline).map { $0 + 1 } ?? rest.endIndex
      lines.append(rest[..<end])
      rest = rest[end...]
    }
    return lines
  }

  private static let newline = UInt8(ascii: "\n")

  private static func shown(_ mark: String, _ line: ArraySlice<UInt8>) -> [String] {
    if line.last == newline { return [mark + String(decoding: line.dropLast(), as: UTF8.self)] }
    return [mark + String(decoding: line, as: UTF8.self), "\\ No newline at end of file"]
  }

  /// The stretches of edits to show, those that would touch joined.
  private static func hunks(_ edits: [SequenceDiff.Edit]) -> [Range<Int>] {
    var hunks: [Range<Int>] = []
    for (index, edit) in edits.enumerated() {
      if case .keep = edit { continue }
      let range = max(0, index - context)..<min(edits.count, index + context + 1)
      if let last = hunks.last, range.lowerBound <= last.upperBound {
        hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
      } else {
        hunks.append(range)
      }
    }
    return hunks
  }

  /// `@@ -OLD +NEW @@`, each the first line and how many; `0,0` for an empty text.
  private static func header(_ edits: ArraySlice<SequenceDiff.Edit>) -> String {
    var (old, new): ([Int], [Int]) = ([], [])
    for edit in edits {
      switch edit {
      case .keep(let first, let second):
        old.append(first)
        new.append(second)
      case .remove(let index): old.append(index)
      case .insert(let index): new.append(index)
      }
    }
    func range(_ lines: [Int]) -> String {
      guard let first = lines.first else { return "0,0" }
      return lines.count == 1 ? "\(first + 1)" : "\(first + 1),\(lines.count)"
    }
    return "@@ -\(range(old)) +\(range(new)) @@"
  }
}
